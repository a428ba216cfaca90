#include "list_faults.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "catalog.h"
#include "net/url.h"

enum { MANY = 10000 };

static const char list_prefix[] = "/v1/health/service/";

const char *listed_service(const struct request *request, char *out, size_t size)
{
    if (strncmp(request->path, list_prefix, strlen(list_prefix)) != 0)
        return NULL;
    snprintf(out, size, "%s", request->path + strlen(list_prefix));
    size_t len = strlen(out);
    return url_decode(out, &len) == 0 ? out : NULL;
}

/* --- Change the list ------------------------------------------------------------------------------ */

/* Calls `write` for each of the service's instances; `place` counts from 0. */
static void rewrite_list(const struct request *request, struct reply *reply,
                         void (*write)(struct buf *out, struct entry *entry, int place))
{
    char service[128];
    if (!listed_service(request, service, sizeof service))
        return;
    buf_clear(&reply->body);
    buf_adds(&reply->body, "[");
    size_t at = 0;
    const struct entry *entry;
    for (int place = 0; (entry = catalog_next(service, &at)); place++) {
        struct entry copy = *entry;
        write(&reply->body, &copy, place);
    }
    buf_adds(&reply->body, "]");
}

static void write_nothing(struct buf *out, struct entry *entry, int place)
{
    (void)out, (void)entry, (void)place;
}

static void write_first_only(struct buf *out, struct entry *entry, int place)
{
    if (place == 0)
        catalog_write(out, entry);
}

static void write_critical(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    snprintf(entry->status, sizeof entry->status, "\"critical\"");
    catalog_write(out, entry);
}

/* First the same id at the node that the instance has left, which is down, then the real entry. */
static void write_twice(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    struct entry left = *entry;
    snprintf(left.node, sizeof left.node, "a-dead");
    snprintf(left.port, sizeof left.port, "1");
    snprintf(left.node_status, sizeof left.node_status, "\"critical\"");
    catalog_write(out, &left);
    catalog_write(out, entry);
}

static void write_nulls(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    memcpy(entry->node_address, entry->address, sizeof entry->address);
    snprintf(entry->address, sizeof entry->address, "null");
    snprintf(entry->tags, sizeof entry->tags, "null");
    snprintf(entry->meta, sizeof entry->meta, "null");
    snprintf(entry->weights, sizeof entry->weights, "null");
    catalog_write(out, entry);
}

static void write_wrong_types(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    char port[sizeof entry->port];
    snprintf(port, sizeof port, "\"%.*s\"", (int)sizeof port - 3, entry->port);
    memcpy(entry->port, port, sizeof port);
    catalog_write(out, entry);
}

/* An IPv4-mapped IPv6 address, so that the same instance answers. */
static void write_ipv6(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    char mapped[sizeof entry->address];
    snprintf(mapped, sizeof mapped, "\"::ffff:%.*s", (int)sizeof mapped - 10, entry->address + 1);
    memcpy(entry->address, mapped, sizeof mapped);
    catalog_write(out, entry);
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
    catalog_write(out, entry);
    if (place > 0)
        return;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct entry bad = *entry;
        snprintf(bad.id, sizeof bad.id, "hostile-%zu", i);
        snprintf(bad.address, sizeof bad.address, "%s", hostile[i].address);
        snprintf(bad.port, sizeof bad.port, "%s", hostile[i].port);
        catalog_write(out, &bad);
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
    catalog_write(out, entry);
    for (int i = place + instances; i < MANY; i += instances) {
        snprintf(entry->id, sizeof entry->id, "%.100s-%05d", id, i);
        catalog_write(out, entry);
    }
}

static void empty(const struct request *request, struct reply *reply)
{
    rewrite_list(request, reply, write_nothing);
}

static void lose_most(const struct request *request, struct reply *reply)
{
    rewrite_list(request, reply, write_first_only);
}

static void all_critical(const struct request *request, struct reply *reply)
{
    rewrite_list(request, reply, write_critical);
}

static void list_twice(const struct request *request, struct reply *reply)
{
    rewrite_list(request, reply, write_twice);
}

static void list_nulls(const struct request *request, struct reply *reply)
{
    rewrite_list(request, reply, write_nulls);
}

static void list_wrong_types(const struct request *request, struct reply *reply)
{
    rewrite_list(request, reply, write_wrong_types);
}

static void list_ipv6(const struct request *request, struct reply *reply)
{
    rewrite_list(request, reply, write_ipv6);
}

static void list_hostile(const struct request *request, struct reply *reply)
{
    rewrite_list(request, reply, write_hostile);
}

/* All entries have the address of a real instance, so that each can be called. */
static void list_many(const struct request *request, struct reply *reply)
{
    rewrite_list(request, reply, count_one);
    rewrite_list(request, reply, write_many);
}

/* --- Change the index and the leader ------------------------------------------------------------------ */

static void set_index(struct reply *reply, uint64_t index)
{
    buf_clear(&reply->head);
    buf_addf(&reply->head, "X-Consul-Index: %" PRIu64 "\r\nX-Consul-KnownLeader: true\r\n", index);
}

static void index_zero(const struct request *request, struct reply *reply)
{
    (void)request;
    set_index(reply, 0);
}

static void index_jumps(const struct request *request, struct reply *reply)
{
    (void)request;
    catalog_touch();
    set_index(reply, catalog_index());
}

/* Lower than any earlier index, and constant. */
static void index_falls(const struct request *request, struct reply *reply)
{
    (void)request;
    set_index(reply, 3);
}

/* The reply of an agent that is partitioned from the leader, to a stale query. */
static void no_leader(const struct request *request, struct reply *reply)
{
    empty(request, reply);
    buf_clear(&reply->head);
    buf_addf(&reply->head, "X-Consul-Index: %" PRIu64 "\r\nX-Consul-KnownLeader: false\r\n", catalog_index());
}

/* An agent since 1.10 answers blocking queries from a stream, whose replies never name a leader. */
static void streamed(const struct request *request, struct reply *reply)
{
    if (request_number(request, "index", 0) == 0)
        return;
    buf_clear(&reply->head);
    buf_addf(&reply->head,
             "X-Consul-Index: %" PRIu64 "\r\nX-Consul-KnownLeader: false\r\nX-Consul-Query-Backend: streaming\r\n",
             catalog_index());
}

/* --- The table ------------------------------------------------------------------------------------------ */

const struct fault list_faults[] = {
    {"no-leader", "an empty list from servers without a known leader: a partition", .change = no_leader},
    {"streamed", "blocking replies report no leader, although there is one: agents since 1.10", .change = streamed,
     .keeps_blocking = true},
    {"index-zero", "X-Consul-Index: 0 in each reply, without waiting: a query for index 0 never waits",
     .change = index_zero},
    {"index-jumps", "a new index in each reply, without waiting: a catalog that changes all the time",
     .change = index_jumps},
    {"index-falls", "an old index, without waiting: servers restored from a snapshot", .change = index_falls},
    {"empty", "an empty list: the catalog lost its state, the instances still run", .change = empty,
     .keeps_blocking = true},
    {"loss", "a list with one instance left: half a datacenter behind a partition", .change = lose_most,
     .keeps_blocking = true},
    {"all-critical", "all instances are critical: a database that they share is down", .change = all_critical,
     .keeps_blocking = true},
    {"many", "10,000 instances, 12 MB: an autoscaler without a limit, a load test in the wrong datacenter",
     .change = list_many, .keeps_blocking = true},
    {"duplicates", "each id twice, first at a dead node: its instances have moved to another one", .change = list_twice,
     .keeps_blocking = true},
    {"hostile", "besides real instances, addresses and ports that must not get into a URL", .change = list_hostile,
     .keeps_blocking = true},
    {"ipv6", "IPv6 addresses: a URL needs brackets around them", .change = list_ipv6, .keeps_blocking = true},
    {"null-members", "Tags, Meta, Weights and Address are null: they were not set at registration",
     .change = list_nulls, .keeps_blocking = true},
    {"wrong-members", "each Port is text: registered by a program in an untyped language", .change = list_wrong_types,
     .keeps_blocking = true},
    {0},
};
