/* Which source is in use: lists and a clock, without a registry and an event loop. */
#include <criterion/criterion.h>

#include "discovery/sources.h"

enum { TTL_MS = 30000 };

TestSuite(sources, .timeout = 300);

static struct instance_list *list_of(const char *ids)
{
    struct instance_list *list = instance_list_new();
    for (const char *id = ids; *id; id++) {
        const struct instance instance = {.id = (char[]){*id, '\0'}, .address = "10.0.0.1", .zone = "", .version = "",
                                          .port = (uint16_t)(8000 + *id), .weight = 1, .warning_weight = 1};
        instance_list_add(list, &instance);
    }
    instance_list_finish(list);
    return list;
}

/* The list in use at this time: "abc?"; '?' marks a missing instance. */
static const char *known(struct sources *sources, int64_t now_ms)
{
    static char line[64];
    size_t len = 0;
    sources_refresh(sources, now_ms);
    const struct merged_list *merged = &sources->merged;
    for (size_t i = 0; merged->list && i < merged->list->count; i++) {
        line[len++] = merged->list->at[i].id[0];
        if (merged->missing && merged->missing[i])
            line[len++] = '?';
    }
    line[len] = '\0';
    return line;
}

static struct sources with_snapshot(const char *ids, int64_t confirmed_ms)
{
    struct sources sources = {.registry_count = 1, .ttl_ms = TTL_MS, .registries = {{.kind = "consul"}}};
    sources.disk.list = list_of(ids);
    sources.disk.confirmed_ms = confirmed_ms;
    return sources;
}

Test(sources, snapshot_never_replaces_newer_list)
{
    struct sources sources = with_snapshot("xyz", 900000);
    cr_expect_str_eq(known(&sources, 1000000), "xyz");
    cr_expect_str_eq(sources_name_in_use(&sources, 1000000), "disk");
    source_update(&sources.registries[0], list_of("abc"), 1, 1000000);
    cr_expect_str_eq(known(&sources, 1000000), "abc");
    cr_expect_str_eq(sources_name_in_use(&sources, 1000000), "consul");
    cr_expect_str_eq(known(&sources, 5000000), "abc"); /* stale, but still the newest list */
    cr_expect_str_eq(sources_name_in_use(&sources, 5000000), "cache");
    sources_close(&sources);
}

Test(sources, instances_of_old_snapshot_are_not_kept)
{
    struct sources sources = with_snapshot("xyz", 0);
    cr_expect_str_eq(known(&sources, 86400000), "xyz");
    source_update(&sources.registries[0], list_of("a"), 1, 86400000);
    cr_expect_str_eq(known(&sources, 86400000), "a");
    sources_close(&sources);
}

Test(sources, instances_of_recent_snapshot_are_kept_as_missing)
{
    struct sources sources = with_snapshot("xyz", 86390000);
    cr_expect_str_eq(known(&sources, 86400000), "xyz");
    source_update(&sources.registries[0], list_of("a"), 1, 86400000);
    cr_expect_str_eq(known(&sources, 86400000), "ax?y?z?");
    sources_close(&sources);
}

/* --- Maintenance ----------------------------------------------------------------------- */

/* As list_of; the instance with this id is in maintenance. */
static struct instance_list *list_with_maintenance(const char *ids, char id)
{
    struct instance_list *list = list_of(ids);
    for (size_t i = 0; i < list->count; i++)
        list->at[i].maintenance = list->at[i].id[0] == id;
    return list;
}

static bool is_in_maintenance(struct sources *sources, const char *id, int64_t now_ms)
{
    sources_refresh(sources, now_ms);
    return instance_list_find(sources->merged.list, id)->maintenance;
}

/* etcd's entries know no maintenance. */
Test(sources, maintenance_outlives_a_change_of_registry)
{
    struct sources sources = {
        .registry_count = 2, .ttl_ms = TTL_MS, .registries = {{.kind = "consul"}, {.kind = "etcd"}}};
    sources.disk.tried = true;
    source_update(&sources.registries[0], list_with_maintenance("abc", 'b'), 1, 1000);
    source_update(&sources.registries[1], list_of("abcd"), 1, 1000);
    cr_expect(is_in_maintenance(&sources, "b", 1000));

    source_update(&sources.registries[1], NULL, 1, 1000 + TTL_MS + 1); /* confirmed; Consul's list is stale */
    cr_expect(is_in_maintenance(&sources, "b", 1000 + TTL_MS + 1));
    cr_expect_str_eq(sources_name_in_use(&sources, 1000 + TTL_MS + 1), "etcd");
    cr_expect_not(is_in_maintenance(&sources, "a", 1000 + TTL_MS + 1));
    cr_expect_str_eq(known(&sources, 1000 + TTL_MS + 1), "abcd");
    uint64_t version = sources.version;
    sources_refresh(&sources, 1000 + TTL_MS + 2);
    cr_expect_eq(sources.version, version, "nothing has changed");

    source_update(&sources.registries[0], list_of("abc"), 2, 50000); /* Consul is back, and maintenance has ended */
    cr_expect_not(is_in_maintenance(&sources, "b", 50000));
    source_update(&sources.registries[1], NULL, 1, 50000 + TTL_MS + 1);
    cr_expect_not(is_in_maintenance(&sources, "b", 50000 + TTL_MS + 1));
    cr_expect_str_eq(sources_name_in_use(&sources, 50000 + TTL_MS + 1), "etcd");
    sources_close(&sources);
}

/* An operator set it at Consul, although etcd is trusted more. */
Test(sources, maintenance_behind_etcd_counts)
{
    struct sources sources = {
        .registry_count = 2, .ttl_ms = TTL_MS,
        .registries = {{.kind = "etcd", .lacks_maintenance = true}, {.kind = "consul"}}};
    sources.disk.tried = true;
    source_update(&sources.registries[0], list_of("abc"), 1, 1000);
    cr_expect_not(is_in_maintenance(&sources, "b", 1000));
    source_update(&sources.registries[1], list_with_maintenance("abc", 'b'), 1, 1001);
    cr_expect(is_in_maintenance(&sources, "b", 1001));
    cr_expect_str_eq(sources_name_in_use(&sources, 1001), "etcd");
    source_update(&sources.registries[1], list_of("abc"), 2, 1002);
    cr_expect_not(is_in_maintenance(&sources, "b", 1002));
    sources_close(&sources);
}

/* etcd has lost them; so they are not in the list that the maintenance is added to. */
Test(sources, missing_instances_get_maintenance_behind_etcd)
{
    struct sources sources = {
        .registry_count = 2, .ttl_ms = TTL_MS,
        .registries = {{.kind = "etcd", .lacks_maintenance = true}, {.kind = "consul"}}};
    sources.disk.tried = true;
    source_update(&sources.registries[0], list_of("abc"), 1, 1000);
    cr_expect_str_eq(known(&sources, 1000), "abc");
    source_update(&sources.registries[0], list_of("a"), 2, 1001);
    cr_expect_str_eq(known(&sources, 1001), "ab?c?");
    source_update(&sources.registries[1], list_with_maintenance("abc", 'b'), 1, 1002);
    cr_expect(is_in_maintenance(&sources, "b", 1002));
    cr_expect_not(is_in_maintenance(&sources, "c", 1002));
    source_update(&sources.registries[1], list_of("abc"), 2, 1003);
    cr_expect_not(is_in_maintenance(&sources, "b", 1003));
    sources_close(&sources);
}

/* The instance itself had set it, and etcd has lost its data. */
Test(sources, missing_instance_stays_in_maintenance)
{
    struct sources sources = {
        .registry_count = 2, .ttl_ms = TTL_MS,
        .registries = {{.kind = "etcd", .lacks_maintenance = true}, {.kind = "consul"}}};
    sources.disk.tried = true;
    source_update(&sources.registries[0], list_with_maintenance("abc", 'b'), 1, 1000);
    cr_expect(is_in_maintenance(&sources, "b", 1000));
    source_update(&sources.registries[0], list_of(""), 2, 1001);
    cr_expect_str_eq(known(&sources, 1001), "a?b?c?");
    cr_expect(is_in_maintenance(&sources, "b", 1001));
    cr_expect_not(is_in_maintenance(&sources, "a", 1001));
    sources_close(&sources);
}

Test(sources, more_trusted_registry_decides_about_maintenance)
{
    struct sources sources = {
        .registry_count = 2, .ttl_ms = TTL_MS, .registries = {{.kind = "nacos"}, {.kind = "consul"}}};
    sources.disk.tried = true;
    source_update(&sources.registries[0], list_of("abc"), 1, 1000);
    source_update(&sources.registries[1], list_with_maintenance("abc", 'b'), 1, 1000);
    cr_expect_not(is_in_maintenance(&sources, "b", 1000));
    sources_close(&sources);
}

/* A moved instance: only what it left behind at another node is in maintenance. */
Test(sources, maintenance_at_one_of_two_nodes_is_not_inherited)
{
    struct sources sources = {
        .registry_count = 2, .ttl_ms = TTL_MS, .registries = {{.kind = "consul"}, {.kind = "etcd"}}};
    struct instance_list *list = instance_list_new();
    struct instance instance = {.id = "a", .node = "old", .address = "10.0.0.1", .zone = "", .version = "", .port = 1,
                                .weight = 1, .warning_weight = 1, .maintenance = true};
    instance_list_add(list, &instance);
    instance.node = "new", instance.port = 8000 + 'a', instance.maintenance = false;
    instance_list_add(list, &instance);
    instance_list_finish(list);
    source_update(&sources.registries[0], list, 1, 1000);
    source_update(&sources.registries[1], list_of("a"), 1, 1000 + TTL_MS + 1);
    cr_expect_not(is_in_maintenance(&sources, "a", 1000 + TTL_MS + 1));
    sources_close(&sources);
}
