#include "list_faults.h"

#include <stdio.h>
#include <string.h>

#include "dialect.h"

enum { MANY = 10000 };

/* --- Write the list --------------------------------------------------------------------------------- */

/* Adds what the reply shall say of this entry, which is a copy. `place` counts from 0. */
typedef void (*write_entry)(struct buf *out, struct entry *entry, int place);

/* Calls `write` for each of the service's instances. */
static void write_list(const struct request *request, struct reply *reply, write_entry write)
{
    char service[SERVICE_NAME];
    if (!dialect()->listed_service(request, service))
        return;
    buf_clear(&reply->head);
    buf_clear(&reply->body);
    reply->status = 200;
    dialect()->begin_list(reply, service);
    size_t at = 0, empty_len = reply->body.len;
    const struct entry *entry;
    for (int place = 0; (entry = catalog_next(service, &at)); place++) {
        struct entry copy = *entry;
        write(&reply->body, &copy, place);
    }
    dialect()->end_list(request, reply, reply->body.len > empty_len);
}

static void write_unchanged(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    dialect()->add_entry(out, entry);
}

void list_answer(const struct request *request, struct reply *reply)
{
    write_list(request, reply, write_unchanged);
}

/* --- Change the list ------------------------------------------------------------------------------ */

static void write_nothing(struct buf *out, struct entry *entry, int place)
{
    (void)out, (void)entry, (void)place;
}

static void write_first_only(struct buf *out, struct entry *entry, int place)
{
    if (place == 0)
        dialect()->add_entry(out, entry);
}

static void write_critical(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    entry->status = ENTRY_CRITICAL;
    dialect()->add_entry(out, entry);
}

/* First the same id at the node that the instance has left, which is down, then the real entry. */
static void write_twice(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    struct entry left = *entry;
    snprintf(left.node, sizeof left.node, "a-dead");
    snprintf(left.port, sizeof left.port, "1");
    left.status = ENTRY_CRITICAL;
    left.node_down = true;
    dialect()->add_entry(out, &left);
    dialect()->add_entry(out, entry);
}

static void write_nulls(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    entry->is_bare = true;
    dialect()->add_entry(out, entry);
}

static void write_wrong_types(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    char port[sizeof entry->port];
    snprintf(port, sizeof port, "\"%.*s\"", (int)sizeof port - 3, entry->port);
    memcpy(entry->port, port, sizeof port);
    dialect()->add_entry(out, entry);
}

/* An IPv4-mapped IPv6 address, so that the same instance answers. */
static void write_ipv6(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    char mapped[sizeof entry->address];
    snprintf(mapped, sizeof mapped, "\"::ffff:%.*s", (int)sizeof mapped - 10, entry->address + 1);
    memcpy(entry->address, mapped, sizeof mapped);
    dialect()->add_entry(out, entry);
}

/* After the first entry one of an instance that has died: its port is closed. */
static void write_dead(struct buf *out, struct entry *entry, int place)
{
    write_unchanged(out, entry, place);
    if (place > 0)
        return;
    snprintf(entry->id, sizeof entry->id, "dead");
    snprintf(entry->port, sizeof entry->port, "1");
    dialect()->add_entry(out, entry);
}

/* The real entries, and after the first one entries that must never be called. */
static void write_hostile(struct buf *out, struct entry *entry, int place)
{
    static const struct {
        const char *address, *port;
    } hostile[] = {
        {"\"127.0.0.1 \"", "80"},        {"\"127.0.0.1/..\"", "80"},       {"\"127.0.0.1:80/@x\"", "80"},
        {"\"user@127.0.0.1\"", "80"},    {"\"127.0.0.1\\u0000.evil\"", "80"}, {"\"a\\r\\nX-Smuggled: 1\"", "80"},
        {"\"[::1]\"", "80"},             {"\"file:///etc/passwd\"", "80"}, {"\"\xc3\xa4.example\"", "80"},
        {"\"127.0.0.1\"", "0"},          {"\"127.0.0.1\"", "70000"},       {"\"127.0.0.1\"", "-1"},
        {"\"127.0.0.1\"", "80.5"},       {"\"127.0.0.1\"", "1e400"},       {"\"127.0.0.1\"", "null"},
    };
    dialect()->add_entry(out, entry);
    if (place > 0)
        return;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct entry bad = *entry;
        snprintf(bad.id, sizeof bad.id, "hostile-%zu", i);
        snprintf(bad.address, sizeof bad.address, "%s", hostile[i].address);
        snprintf(bad.port, sizeof bad.port, "%s", hostile[i].port);
        dialect()->add_entry(out, &bad);
    }
}

static int instances; /* of the service, for write_many() */

static void count_one(struct buf *out, struct entry *entry, int place)
{
    (void)out, (void)entry;
    instances = place + 1;
}

static void write_many(struct buf *out, struct entry *entry, int place)
{
    char id[sizeof entry->id];
    memcpy(id, entry->id, sizeof id);
    dialect()->add_entry(out, entry);
    for (int i = place + instances; i < MANY; i += instances) {
        snprintf(entry->id, sizeof entry->id, "%.100s-%05d", id, i);
        dialect()->add_entry(out, entry);
    }
}

void list_nothing(const struct request *request, struct reply *reply)
{
    write_list(request, reply, write_nothing);
}

static void lose_most(const struct request *request, struct reply *reply)
{
    write_list(request, reply, write_first_only);
}

static void all_critical(const struct request *request, struct reply *reply)
{
    write_list(request, reply, write_critical);
}

static void list_twice(const struct request *request, struct reply *reply)
{
    write_list(request, reply, write_twice);
}

static void list_nulls(const struct request *request, struct reply *reply)
{
    write_list(request, reply, write_nulls);
}

static void list_wrong_types(const struct request *request, struct reply *reply)
{
    write_list(request, reply, write_wrong_types);
}

static void list_ipv6(const struct request *request, struct reply *reply)
{
    write_list(request, reply, write_ipv6);
}

static void list_hostile(const struct request *request, struct reply *reply)
{
    write_list(request, reply, write_hostile);
}

static void list_dead(const struct request *request, struct reply *reply)
{
    write_list(request, reply, write_dead);
}

/* All entries have the address of a real instance, so that each can be called. */
static void list_many(const struct request *request, struct reply *reply)
{
    write_list(request, reply, count_one);
    write_list(request, reply, write_many);
}

/* --- The table ------------------------------------------------------------------------------------------ */

const struct fault list_faults[] = {
    {"empty", "an empty list: the catalog lost its state, the instances still run", .change = list_nothing,
     .keeps_blocking = true},
    {"loss", "a list with one instance left: half a datacenter behind a partition", .change = lose_most,
     .keeps_blocking = true},
    {"all-critical", "all instances are critical: a database that they share is down", .change = all_critical,
     .keeps_blocking = true},
    {"keeps-dead", "a dead instance more, which is passing: Eureka's self-preservation, no health check",
     .change = list_dead, .keeps_blocking = true},
    {"many", "10,000 instances, 3 to 12 MB: an autoscaler without a limit, a load test in the wrong datacenter",
     .change = list_many, .keeps_blocking = true},
    {"duplicates", "each id twice, first at an address that it has left, in Consul at a dead node",
     .change = list_twice, .keeps_blocking = true},
    {"hostile", "besides real instances, addresses and ports that must not get into a URL", .change = list_hostile,
     .keeps_blocking = true},
    {"ipv6", "IPv6 addresses: a URL needs brackets around them", .change = list_ipv6, .keeps_blocking = true},
    {"null-members", "all members that may be left out are null: they were not set at registration",
     .change = list_nulls, .keeps_blocking = true},
    {"wrong-members", "each port is text: registered by a program in an untyped language", .change = list_wrong_types,
     .keeps_blocking = true},
    {0},
};
