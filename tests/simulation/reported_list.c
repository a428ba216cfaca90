#include "simulation/reported_list.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/rand.h"

/* Adds an entry with the same id and node that is worse or older, on a port without a process. The real code
 * must drop it. */
static void add_duplicate(struct instance_list *list, const struct instance *instance, int number)
{
    struct instance other = *instance;
    other.port = port_of(number, ports_lives() - 1);
    other.change = 0;
    if (chance(50))
        other.status = INSTANCE_CRITICAL;
    instance_list_add(list, &other);
}

/* The instance has moved, and the node that it left is down. */
static void add_at_dead_node(struct instance_list *list, const struct instance *instance, int number)
{
    struct instance left = *instance;
    left.port = port_of(number, ports_lives() - 1);
    left.node = number % 2 ? "a-dead" : "z-dead"; /* before or after the living one */
    left.node_down = true;
    left.status = INSTANCE_CRITICAL;
    instance_list_add(list, &left);
}

static void add_entry(struct instance_list *list, const struct sim_registry *registry, int i)
{
    const struct sim_entry *entry = &registry->entries[i];
    char node[32] = "";
    if (registry->kind->names_nodes)
        snprintf(node, sizeof node, "node-%u", entry->port); /* a process on another port is on another machine */
    const struct instance instance = {
        .id = registry->instances[i].process.name, .node = node, .change = 1, .address = entry->address, .port = entry->port,
        .zone = settings_zone(registry->settings, i), .version = settings_version(registry->settings, i), .weight = 1 + i % 3, .warning_weight = 1,
        .status = entry->passing ? INSTANCE_PASSING : INSTANCE_CRITICAL, .maintenance = entry->in_maintenance};
    bool twice = has_bit(registry->doubled_instances, i), first = twice && chance(50);
    if (first)
        add_duplicate(list, &instance, i);
    instance_list_add(list, &instance);
    if (twice && !first)
        add_duplicate(list, &instance, i);
    if (registry->has_dead_node && registry->kind->names_nodes)
        add_at_dead_node(list, &instance, i);
}

static struct instance_list *list_new(const struct sim_registry *registry, uint64_t hidden)
{
    static const struct instance invalid = {.id = "instance-99", .address = "127.0.0.1:80/@x", .zone = "",
                                            .version = "", .port = 80, .weight = 1};
    struct instance_list *list = instance_list_new();
    for (int i = 0; i < registry->settings->instances; i++)
        if (registry->entries[i].used && !has_bit(hidden, i))
            add_entry(list, registry, i);
    if (registry->doubled_instances)
        instance_list_add(list, &invalid); /* the list must drop it: its address is not valid */
    instance_list_finish(list);
    return list;
}

static struct instance_list *current_list(struct sim_registry *registry)
{
    if (registry->reports_empty || registry->hidden_instances || registry->doubled_instances ||
        registry->has_dead_node)
        return list_new(registry, registry->reports_empty ? UINT64_MAX : registry->hidden_instances);
    if (!registry->list)
        registry->list = list_new(registry, 0);
    return instance_list_ref(registry->list);
}

struct instance_list *reported_list(struct sim_registry *registry)
{
    if (registry->kind->cache_ms == 0)
        return current_list(registry);
    if (!registry->cached || clock_ms() - registry->cached_ms >= registry->kind->cache_ms) {
        instance_list_unref(registry->cached);
        registry->cached = current_list(registry);
        registry->cached_ms = clock_ms();
    }
    return instance_list_ref(registry->cached);
}
