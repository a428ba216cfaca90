#include "registry/consul/consul_fetch.h"

#include <inttypes.h>

#include "registry/consul/consul_exchange.h"
#include "registry/consul/consul_leader.h"
#include "registry/consul/consul_list.h"
#include "registry/consul/consul_wire.h"

enum {
    LIST_CAP = 32 * 1024 * 1024, /* bytes of a list: 10,000 instances take 13 MB */
    INDEX_LEAST = 1,             /* see consul_next_index */
};

/* Without `passing`: the caller wants the instances in every state. */
static bool add_list_path(struct buf *path, const char *service, uint64_t index, int64_t wait_ms)
{
    if (!buf_adds(path, "/v1/health/service/") || !url_add_segment(path, service))
        return false;
    return index == 0 || wait_ms <= 0 || buf_addf(path, "?index=%" PRIu64 "&wait=%" PRId64 "ms", index, wait_ms);
}

/* A list that is arriving. */
struct list_reader {
    struct consul_exchange *exchange;
    struct list_parser parser;
    uint64_t known; /* the index of the caller's list; 0: none */
    struct err *err;
};

static uint64_t next_index(const struct http_response *response, uint64_t current)
{
    char index[32] = "";
    http_response_header(response, "X-Consul-Index", index, sizeof index);
    return consul_next_index(current, index);
}

/* curl calls this with 16 KiB at most, which takes half a millisecond; other fibers run between two calls.
 * The same index means the same list, sent again because nothing changed during the wait: it must be
 * complete, but is not parsed. INDEX_LEAST is the exception: an index of 0, which Consul never sends, counts
 * as INDEX_LEAST too. */
static bool read_piece(void *arg, const char *bytes, size_t len)
{
    struct list_reader *reader = arg;
    struct http_response *response = &reader->exchange->response;
    if (response->status != 200) /* an error: its first piece is enough */
        return response->body.len > 0 || buf_add(&response->body, bytes, len);
    reader->parser.skim = reader->known > INDEX_LEAST && next_index(response, reader->known) == reader->known;
    return list_parser_feed(&reader->parser, bytes, len, reader->err) == 0;
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

static int read_list(struct consul *consul, struct list_reader *reader, int64_t deadline, struct instance_list **list,
                     struct err *err)
{
    const struct http_call call = {
        .path = buf_text(&reader->exchange->path),
        .deadline = deadline,
        .body_cap = LIST_CAP,
        .on_data = read_piece,
        .on_data_arg = reader,
    };
    const struct http_response *response = &reader->exchange->response;
    if (consul_send_call(consul, reader->exchange, &call, err) != 0 || check_reply(consul, response, err) != 0)
        return -1;
    return list_parser_end(&reader->parser, list, err) == 0 ? 0 : err_prefix(err, "consul");
}

int consul_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                 int64_t deadline, struct instance_list **list, struct err *err)
{
    struct consul *consul = (struct consul *)registry; /* base is its first member */
    struct consul_exchange exchange = CONSUL_EXCHANGE_INIT;
    struct list_reader reader = {.exchange = &exchange, .known = cursor->index, .err = err};
    int rc = -1;
    *list = NULL;
    cursor->index = 0; /* after a failure the next fetch does not wait */

    if (!add_list_path(&exchange.path, service, reader.known, wait_ms))
        err_set(err, ERR_INVALID, "consul: cannot query the service: its name is too long");
    else if (consul_list_begin(&reader.parser, err) == 0)
        rc = read_list(consul, &reader, deadline, list, err);
    if (rc == 0)
        cursor->index = next_index(&exchange.response, reader.known);
    else
        consul_leader_explain_timeout(registry, &consul->http, err);
    list_parser_close(&reader.parser);
    consul_exchange_close(&exchange);
    return rc;
}
