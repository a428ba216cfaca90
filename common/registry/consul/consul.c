#include "registry/consul/consul.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/consul/consul_checks.h"
#include "registry/consul/consul_difference.h"
#include "registry/consul/consul_http.h"
#include "registry/consul/consul_leader.h"
#include "registry/consul/consul_list.h"
#include "registry/consul/consul_loopback.h"
#include "registry/consul/consul_predecessor.h"
#include "registry/consul/consul_wire.h"

enum {
    PATH_CAP = 4096,              /* bytes of a request's path */
    REGISTRATION_CAP = 64 * 1024, /* bytes of a request's body */
    LIST_CAP = 32 * 1024 * 1024,  /* bytes of a list: 10,000 instances take 13 MB */
    INDEX_LEAST = 1,              /* see consul_next_index */
};

struct consul {
    struct registry base;
    struct consul_http http;
    bool registered;             /* at least once */
    char registered_address[ADDRESS_MAX]; /* our local address at the last registration */
    unsigned registration_token; /* http.token_changes at the last registration */
};

/* One request and its reply. */
struct exchange {
    struct buf path, body;
    struct http_response response;
};

#define EXCHANGE_INIT                                                                                        \
    {.path = BUF_INIT(PATH_CAP), .body = BUF_INIT(REGISTRATION_CAP), .response = HTTP_RESPONSE_INIT}

static struct consul *consul_of(struct registry *registry)
{
    return (struct consul *)registry; /* base is its first member */
}

static void exchange_close(struct exchange *exchange)
{
    buf_close(&exchange->path);
    buf_close(&exchange->body);
    http_response_close(&exchange->response);
}

static int send_call(struct consul *consul, struct exchange *exchange, const struct http_call *call, struct err *err)
{
    if (consul_http_call(&consul->http, call, &exchange->response, err) != 0)
        return -1;
    memcpy(consul->base.local_address, exchange->response.local_address, sizeof consul->base.local_address);
    return 0;
}

/* Sends exchange->body to exchange->path; for a small reply. */
static int send_request(struct consul *consul, const char *method, struct exchange *exchange, int64_t deadline,
                        struct err *err)
{
    const struct http_call call = {
        .method = method,
        .path = buf_text(&exchange->path),
        .body = exchange->body.len ? exchange->body.data : NULL,
        .body_len = exchange->body.len,
        .deadline = deadline,
        .body_cap = CONSUL_SMALL_REPLY,
    };
    return send_call(consul, exchange, &call, err);
}

/* Sends exchange->body to the path with the id, percent-encoded, at its end. */
static int send_for_id(struct consul *consul, const char *method, struct exchange *exchange, const char *path,
                       const char *id, int64_t deadline, struct err *err)
{
    if (!buf_adds(&exchange->path, path) || !url_add_segment(&exchange->path, id))
        return err_set(err, ERR_INVALID, "consul: cannot use the id %.60s…: it is too long", id);
    return send_request(consul, method, exchange, deadline, err);
}

static bool reply_contains(const struct exchange *exchange, int status, const char *text)
{
    return exchange->response.status == status && strcasestr(buf_text(&exchange->response.body), text) != NULL;
}

/* --- Register and deregister --------------------------------------------------------------- */

/* Any small request will do: the connection shows our local address, where the agent can reach us. */
static int learn_local_address(struct consul *consul, int64_t deadline, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    int rc = send_for_id(consul, "GET", &exchange, "/v1/status/leader", "", deadline, err);
    if (rc == 0 && !*consul->base.local_address)
        rc = err_set(err, ERR_FAILED, "consul: cannot find the local address of the connection; set SERVICE_ADDRESS");
    exchange_close(&exchange);
    return rc;
}

static int send_registration(struct consul *consul, const struct registration_spec *spec, const char *path,
                             int64_t deadline, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    int rc = -1;
    if (!consul_add_registration(&exchange.body, spec, registry_address(&consul->base, spec)))
        err_set(err, ERR_INVALID, "consul: cannot write the registration: over %d bytes, or out of memory",
                REGISTRATION_CAP);
    else
        rc = send_for_id(consul, "PUT", &exchange, path, "", deadline, err);
    if (rc == 0 && exchange.response.status != 200)
        rc = consul_http_error(&exchange.response, err);
    exchange_close(&exchange);
    return rc;
}

/* For the log and the operator. checks: NULL if the agent does not know them. */
static void note_maintenance(struct registry *registry, const json_t *checks, const char *id)
{
    const char *reason = consul_checks_maintenance(checks, id);
    registry->in_maintenance = reason != NULL;
    snprintf(registry->maintenance_reason, sizeof registry->maintenance_reason, "%s", reason ? reason : "");
}

/* The checks of the former registration end, but not an operator's maintenance mode. */
static int replace_registration(struct consul *consul, const struct registration_spec *spec, int64_t deadline,
                                struct err *err)
{
    json_t *checks;
    if (consul_checks_read(&consul->http, spec->id, deadline, &checks, err) != 0)
        return -1;
    note_maintenance(&consul->base, checks, spec->id);
    int rc = consul_checks_end_stale(&consul->http, checks, spec, deadline, err);
    if (rc == 0)
        rc = send_registration(consul, spec,
                               consul_checks_register_path(consul_checks_in_maintenance(checks, spec->id)), deadline,
                               err);
    json_decref(checks);
    return rc;
}

/* Also ends what an operator began at the agent itself. */
static int end_maintenance(struct consul *consul, const struct registration_spec *spec, int64_t deadline,
                           struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    int rc = -1;
    if (!buf_adds(&exchange.path, "/v1/agent/service/maintenance/") || !url_add_segment(&exchange.path, spec->id) ||
        !buf_adds(&exchange.path, "?enable=false"))
        err_set(err, ERR_INVALID, "consul: cannot end the maintenance of %.60s…: its id is too long", spec->id);
    else
        rc = send_request(consul, "PUT", &exchange, deadline, err);
    if (rc == 0 && exchange.response.status != 200)
        rc = consul_http_error(&exchange.response, err);
    if (rc == 0)
        consul->base.in_maintenance = false;
    exchange_close(&exchange);
    return rc;
}

static int consul_register(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                           struct err *err)
{
    struct consul *consul = consul_of(registry);
    if (!*spec->address && learn_local_address(consul, deadline, err) != 0)
        return -1;
    if (replace_registration(consul, spec, deadline, err) != 0)
        return -1;
    if (spec->maintenance == MAINTENANCE_OFF && end_maintenance(consul, spec, deadline, err) != 0)
        return -1;
    if (!consul->registered) {
        consul_deregister_predecessors(&consul->http, spec, registry_address(registry, spec), deadline);
        consul_warn_loopback(&consul->http, spec, registry_address(registry, spec), deadline);
    }
    consul->registered = true;
    memcpy(consul->registered_address, consul->base.local_address, sizeof consul->registered_address);
    consul->registration_token = consul->http.token_changes;
    return 0;
}

/* An agent that does not know the instance replies 200 (1.8), 404 or 500: each is a success. */
static int consul_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                             struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    int rc = send_for_id(consul_of(registry), "PUT", &exchange, "/v1/agent/service/deregister/", spec->id, deadline,
                         err);
    int status = exchange.response.status;
    if (rc == 0 && status != 200 && status != 404 && !reply_contains(&exchange, 500, "unknown service"))
        rc = consul_http_error(&exchange.response, err);
    exchange_close(&exchange);
    return rc;
}

/* --- Reconcile, heartbeat, check output -------------------------------------------------------- */

/* Compares the agent's entry with our registration. The result is in base.difference. */
static int compare_entry(struct consul *consul, const struct registration_spec *spec, const struct buf *entry,
                         int64_t deadline, struct err *err)
{
    struct err ignored = ERR_INIT;
    json_t *checks;
    if (consul_checks_read(&consul->http, spec->id, deadline, &checks, err) != 0)
        return -1;
    note_maintenance(&consul->base, checks, spec->id);
    json_t *service = json_parse_new(buf_text(entry), entry->len, &ignored);
    consul_find_difference(spec, *spec->address ? spec->address : consul->registered_address, service, checks,
                           consul->base.difference, sizeof consul->base.difference);
    json_decref(service);
    json_decref(checks);
    return 0;
}

/* The agent knows our id. Before this process has registered, the entry is that of an earlier one.
 * The agent sends our entry and our check's result to the servers with the token that we registered with.
 * When that token is revoked, the servers get no further update, and the agent does not report it. So we
 * register again with the new token. */
static int keep_ours(struct consul *consul, const struct registration_spec *spec, const struct buf *entry,
                     int64_t deadline, struct err *err)
{
    if (!consul->registered)
        return 0;
    if (consul->registration_token != consul->http.token_changes)
        return consul_register(&consul->base, spec, deadline, err);
    return compare_entry(consul, spec, entry, deadline, err);
}

static int consul_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                                bool *registered, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    int rc = send_for_id(consul_of(registry), "GET", &exchange, "/v1/agent/service/", spec->id, deadline, err);
    int status = exchange.response.status;
    if (rc == 0 && status != 200 && status != 404)
        rc = consul_http_error(&exchange.response, err);
    *registered = rc == 0 && status == 200;
    registry->difference[0] = '\0';
    if (*registered)
        rc = keep_ours(consul_of(registry), spec, &exchange.response.body, deadline, err);
    exchange_close(&exchange);
    if (rc == 0 && *registry->difference)
        *registered = false;
    return rc;
}

/* The reply to an unknown check: 500 in 1.8, 404 in newer versions. */
static int consul_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                            const char *note, int64_t deadline, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    struct buf *path = &exchange.path;
    int rc = -1;
    if (!buf_addf(path, "/v1/agent/check/%s/service:", healthy ? "pass" : "fail") ||
        !url_add_segment(path, spec->id) || !buf_adds(path, "?note=") || !url_add_segment(path, note))
        err_set(err, ERR_INVALID, "consul: cannot send the heartbeat: its note is too long");
    else
        rc = send_request(consul_of(registry), "PUT", &exchange, deadline, err);

    if (rc == 0 && (exchange.response.status == 404 || reply_contains(&exchange, 500, "associated TTL") ||
                    reply_contains(&exchange, 500, "unknown check")))
        rc = err_set(err, ERR_NOT_FOUND, "consul: the agent has forgotten the check of %s", spec->id);
    else if (rc == 0 && exchange.response.status != 200)
        rc = consul_http_error(&exchange.response, err);
    exchange_close(&exchange);
    return rc;
}

/* The status shows the health too: 200 passing, 429 warning, 503 critical. 404: the agent does not know the
 * instance; consul_is_registered handles that. */
static int consul_check_output(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                               bool *failing, char *output, size_t size, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    *failing = false;
    output[0] = '\0';
    int rc = send_for_id(consul_of(registry), "GET", &exchange, "/v1/agent/health/service/id/", spec->id, deadline,
                         err);
    int status = exchange.response.status;
    const struct buf *body = &exchange.response.body;
    if (rc == 0 && (status == 200 || status == 429 || status == 503))
        rc = consul_parse_own_health(buf_text(body), body->len, failing, output, size, err);
    else if (rc == 0 && status != 404)
        rc = consul_http_error(&exchange.response, err);
    exchange_close(&exchange);
    return rc;
}

/* --- Discovery ----------------------------------------------------------------------------------- */

/* Without `passing`: the caller wants the instances in every state. */
static bool add_list_path(struct buf *path, const char *service, uint64_t index, int64_t wait_ms)
{
    if (!buf_adds(path, "/v1/health/service/") || !url_add_segment(path, service))
        return false;
    return index == 0 || wait_ms <= 0 || buf_addf(path, "?index=%" PRIu64 "&wait=%" PRId64 "ms", index, wait_ms);
}

/* A list that is arriving. */
struct list_reader {
    struct exchange *exchange;
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
    if (send_call(consul, reader->exchange, &call, err) != 0 || check_reply(consul, response, err) != 0)
        return -1;
    return list_parser_end(&reader->parser, list, err) == 0 ? 0 : err_prefix(err, "consul");
}

static int consul_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor,
                        int64_t wait_ms, int64_t deadline, struct instance_list **list, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    struct list_reader reader = {.exchange = &exchange, .known = cursor->index, .err = err};
    int rc = -1;
    *list = NULL;
    cursor->index = 0; /* after a failure the next fetch does not wait */

    if (!add_list_path(&exchange.path, service, reader.known, wait_ms))
        err_set(err, ERR_INVALID, "consul: cannot query the service: its name is too long");
    else if (consul_list_begin(&reader.parser, err) == 0)
        rc = read_list(consul_of(registry), &reader, deadline, list, err);
    if (rc == 0)
        cursor->index = next_index(&exchange.response, reader.known);
    else
        consul_leader_explain_timeout(registry, &consul_of(registry)->http, err);
    list_parser_close(&reader.parser);
    exchange_close(&exchange);
    return rc;
}

/* --- Create and free --------------------------------------------------------------------------------- */

static void consul_free(struct registry *registry)
{
    free(consul_of(registry));
}

static const struct registry_ops consul_ops = {
    .kind = "consul",
    .register_instance = consul_register,
    .deregister_instance = consul_deregister,
    .is_registered = consul_is_registered,
    .heartbeat = consul_heartbeat,
    .fetch = consul_fetch,
    .check_output = consul_check_output,
    .free = consul_free,
};

struct registry *consul_new(const struct consul_config *config, struct http_client *http, struct err *err)
{
    struct consul *consul = calloc(1, sizeof *consul);
    if (!consul) {
        err_set(err, ERR_FAILED, "out of memory");
        return NULL;
    }
    consul->base.ops = &consul_ops;
    if (consul_http_open(&consul->http, config, http, err) != 0) {
        free(consul);
        return NULL;
    }
    return &consul->base;
}
