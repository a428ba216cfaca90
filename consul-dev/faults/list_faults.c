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

/* --- Lists, written anew -------------------------------------------------------------------------- */

/* Calls `write` for each of the service's instances; `place` counts from 0. */
static void rewrite(const struct request *request, struct reply *reply,
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

/* The real one, then the same id from another node, where nobody listens. */
static void write_twice(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    catalog_write(out, entry);
    snprintf(entry->port, sizeof entry->port, "1");
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

/* IPv4 in IPv6's clothes, so that the same instance answers. */
static void write_ipv6(struct buf *out, struct entry *entry, int place)
{
    (void)place;
    char mapped[sizeof entry->address];
    snprintf(mapped, sizeof mapped, "\"::ffff:%.*s", (int)sizeof mapped - 10, entry->address + 1);
    memcpy(entry->address, mapped, sizeof mapped);
    catalog_write(out, entry);
}

/* The first is real; behind it come those that must never be called. */
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

static int instances; /* of the service whose list is written many times */

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
    rewrite(request, reply, write_nothing);
}

static void lose_most(const struct request *request, struct reply *reply)
{
    rewrite(request, reply, write_first_only);
}

static void all_critical(const struct request *request, struct reply *reply)
{
    rewrite(request, reply, write_critical);
}

static void list_twice(const struct request *request, struct reply *reply)
{
    rewrite(request, reply, write_twice);
}

static void list_nulls(const struct request *request, struct reply *reply)
{
    rewrite(request, reply, write_nulls);
}

static void list_wrong_types(const struct request *request, struct reply *reply)
{
    rewrite(request, reply, write_wrong_types);
}

static void list_ipv6(const struct request *request, struct reply *reply)
{
    rewrite(request, reply, write_ipv6);
}

static void list_hostile(const struct request *request, struct reply *reply)
{
    rewrite(request, reply, write_hostile);
}

/* All of them at the addresses of the real ones, so that each can be called. */
static void list_many(const struct request *request, struct reply *reply)
{
    rewrite(request, reply, count_one);
    rewrite(request, reply, write_many);
}

/* --- The index, and who leads ------------------------------------------------------------------------- */

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

/* Lower than any that was seen before, and it stays there. */
static void index_falls(const struct request *request, struct reply *reply)
{
    (void)request;
    set_index(reply, 3);
}

/* What an agent says that was partitioned from the leader and is read stale. */
static void no_leader(const struct request *request, struct reply *reply)
{
    empty(request, reply);
    buf_clear(&reply->head);
    buf_addf(&reply->head, "X-Consul-Index: %" PRIu64 "\r\nX-Consul-KnownLeader: false\r\n", catalog_index());
}

/* Any agent since 1.10, where a question waits: in its stream of events nobody says who leads. */
static void streamed(const struct request *request, struct reply *reply)
{
    if (request_number(request, "index", 0) == 0)
        return;
    buf_clear(&reply->head);
    buf_addf(&reply->head,
             "X-Consul-Index: %" PRIu64 "\r\nX-Consul-KnownLeader: false\r\nX-Consul-Query-Backend: streaming\r\n",
             catalog_index());
}

/* --- All of them ---------------------------------------------------------------------------------------- */

const struct fault list_faults[] = {
    {"no-leader", "an empty list from servers that know no leader: a partition", .spoil = no_leader},
    {"streamed", "no known leader on each reply that waited, though there is one: any agent since 1.10", .spoil = streamed,
     .keeps_waiting = true},
    {"index-zero", "X-Consul-Index: 0 on each reply, each at once: a query for index 0 never waits", .spoil = index_zero},
    {"index-jumps", "a new index on each reply, each at once: a catalogue where something always changes",
     .spoil = index_jumps},
    {"index-falls", "an index from before, and no waiting: servers restored from a snapshot", .spoil = index_falls},
    {"empty", "the list is suddenly empty: the catalogue lost its state, the instances live on", .spoil = empty,
     .keeps_waiting = true},
    {"loss", "all but one are suddenly gone: half a datacenter behind a partition", .spoil = lose_most,
     .keeps_waiting = true},
    {"all-critical", "every check fails at once: a database that all of them share", .spoil = all_critical,
     .keeps_waiting = true},
    {"many", "10,000 instances, 12 MB: an autoscaler gone wild, a load test in the wrong datacenter", .spoil = list_many,
     .keeps_waiting = true},
    {"duplicates", "each id twice, with another port: ids are unique on a node only", .spoil = list_twice,
     .keeps_waiting = true},
    {"hostile", "addresses and ports that no URL should be made of, beside real ones", .spoil = list_hostile,
     .keeps_waiting = true},
    {"ipv6", "addresses of IPv6: a URL wants them in brackets", .spoil = list_ipv6, .keeps_waiting = true},
    {"null-members", "Tags, Meta, Weights and Address null: what was not set at registration", .spoil = list_nulls,
     .keeps_waiting = true},
    {"wrong-members", "each Port is text: a registrar in a language without types", .spoil = list_wrong_types,
     .keeps_waiting = true},
    {0},
};
