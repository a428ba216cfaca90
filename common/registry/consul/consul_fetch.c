#include "registry/consul/consul_fetch.h"

#include <inttypes.h>

#include "registry/consul/consul_exchange.h"
#include "registry/consul/consul_leader.h"
#include "registry/consul/consul_list.h"
#include "registry/consul/consul_wire.h"
#include "registry/list_reader.h"

enum { INDEX_LEAST = 1 }; /* see consul_next_index */

/* Without `passing`: the caller wants the instances in every state. */
static bool add_list_path(struct buf *path, const char *service, uint64_t index, int64_t wait_ms)
{
    if (!buf_adds(path, "/v1/health/service/") || !url_add_segment(path, service))
        return false;
    return index == 0 || wait_ms <= 0 || buf_addf(path, "?index=%" PRIu64 "&wait=%" PRId64 "ms", index, wait_ms);
}

struct list_query {
    struct consul_exchange exchange;
    struct list_reader reader;
    uint64_t known; /* the index of the caller's list; 0: none */
};

static uint64_t next_index(const struct http_response *response, uint64_t current)
{
    char index[32] = "";
    http_response_header(response, "X-Consul-Index", index, sizeof index);
    return consul_next_index(current, index);
}

/* The same index means the same list, sent again because nothing changed during the wait: it must be
 * complete, but is not parsed. INDEX_LEAST is the exception: an index of 0, which Consul never sends, counts
 * as INDEX_LEAST too. */
static bool read_piece(void *arg, const char *bytes, size_t len)
{
    struct list_query *query = arg;
    uint64_t known = query->known;
    query->reader.parser.skim = known > INDEX_LEAST && next_index(&query->exchange.response, known) == known;
    return list_reader_take(&query->reader, bytes, len);
}

static int check_reply(struct consul *consul, const struct http_response *response, struct err *err)
{
    consul_leader_update(&consul->base, &consul->http, response);
    if (response->status != 200)
        return consul_http_error(response, err);
    if (consul->base.leader == LEADER_NONE)
        return err_set(err, ERR_FAILED, "consul: the servers have no leader, so the list may be out of date");
    /* The wait ended before the agent's stream began: then its list is empty, whatever is registered. */
    if (consul_is_streamed(response) && next_index(response, 0) <= INDEX_LEAST)
        return err_set(err, ERR_FAILED, "consul: the agent has no list of the service yet");
    return 0;
}

static int read_list(struct consul *consul, struct list_query *query, int64_t deadline, struct instance_list **list,
                     struct err *err)
{
    struct consul_exchange *exchange = &query->exchange;
    const struct http_call call = {
        .path = buf_text(&exchange->path),
        .deadline = deadline,
        .body_cap = LIST_BODY_CAP,
        .on_data = read_piece,
        .on_data_arg = query,
    };
    if (consul_send_call(consul, exchange, &call, err) != 0 || check_reply(consul, &exchange->response, err) != 0)
        return -1;
    return list_parser_end(&query->reader.parser, list, err) == 0 ? 0 : err_prefix(err, "consul");
}

int consul_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                 int64_t deadline, struct instance_list **list, struct err *err)
{
    struct consul *consul = (struct consul *)registry; /* base is its first member */
    struct list_query query = {
        .exchange = CONSUL_EXCHANGE_INIT,
        .reader = {.response = &query.exchange.response, .err = err},
        .known = cursor->index,
    };
    int rc = -1;
    *list = NULL;
    cursor->index = 0; /* after a failure the next fetch does not wait */

    if (!add_list_path(&query.exchange.path, service, query.known, wait_ms))
        err_set(err, ERR_INVALID, "consul: cannot query the service: its name is too long");
    else if (consul_list_begin(&query.reader.parser, err) == 0)
        rc = read_list(consul, &query, deadline, list, err);
    if (rc == 0)
        cursor->index = next_index(&query.exchange.response, query.known);
    else
        consul_leader_explain_timeout(registry, &consul->http, err);
    list_parser_close(&query.reader.parser);
    consul_exchange_close(&query.exchange);
    return rc;
}
