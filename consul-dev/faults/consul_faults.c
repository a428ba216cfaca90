#include "consul_faults.h"

#include <inttypes.h>

#include "catalog.h"
#include "list_faults.h"

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
    list_nothing(request, reply);
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

const struct fault consul_faults[] = {
    {"no-leader", "an empty list from servers without a known leader: a partition", .change = no_leader},
    {"streamed", "blocking replies report no leader, although there is one: agents since 1.10", .change = streamed,
     .keeps_blocking = true},
    {"index-zero", "X-Consul-Index: 0 in each reply, without waiting: a query for index 0 never waits",
     .change = index_zero},
    {"index-jumps", "a new index in each reply, without waiting: a catalog that changes all the time",
     .change = index_jumps},
    {"index-falls", "an old index, without waiting: servers restored from a snapshot", .change = index_falls},
    {0},
};
