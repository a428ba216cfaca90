#include "registry/consul/consul.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/consul/consul_http.h"
#include "registry/consul/consul_leader.h"
#include "registry/consul/consul_predecessor.h"
#include "registry/consul/consul_wire.h"

enum {
    PATH_CAP = 4096,                  /* bytes: the longest path that we ask for */
    REGISTRATION_CAP = 64 * 1024,     /* bytes: of a body that we send */
    LIST_CAP = 32 * 1024 * 1024,      /* bytes: 10,000 instances take 13 MB */
    INDEX_LEAST = 1,                  /* see consul_next_index */
};

struct consul {
    struct registry base;
    struct consul_http http;
    bool registered;          /* at least once */
    unsigned registered_with; /* http.token_changes then */
};

/* One call: what is sent, what comes back. */
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

static int ask(struct consul *consul, struct exchange *exchange, const struct http_call *call, struct err *err)
{
    if (consul_http_call(&consul->http, call, &exchange->response, err) != 0)
        return -1;
    memcpy(consul->base.local_address, exchange->response.local_address, sizeof consul->base.local_address);
    return 0;
}

static int ask_briefly(struct consul *consul, const char *method, struct exchange *exchange, int64_t deadline,
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
    return ask(consul, exchange, &call, err);
}

/* "/v1/…/<id>", the id percent-encoded, and asks. */
static int ask_about(struct consul *consul, const char *method, struct exchange *exchange, const char *path,
                     const char *id, int64_t deadline, struct err *err)
{
    if (!buf_adds(&exchange->path, path) || !url_add_segment(&exchange->path, id))
        return err_set(err, ERR_INVALID, "consul: the id %.60s… is too long", id);
    return ask_briefly(consul, method, exchange, deadline, err);
}

static bool answer_says(const struct exchange *exchange, int status, const char *words)
{
    return exchange->response.status == status && strcasestr(buf_text(&exchange->response.body), words) != NULL;
}

/* --- Register and deregister --------------------------------------------------------------- */

/* The cheapest question there is: its answer shows from which address of ours
 * the agent was reached, so at which address it can reach us. */
static int learn_local_address(struct consul *consul, int64_t deadline, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    int rc = ask_about(consul, "GET", &exchange, "/v1/status/leader", "", deadline, err);
    if (rc == 0 && !*consul->base.local_address)
        rc = err_set(err, ERR_FAILED, "consul: the address from which it is reached is not known");
    exchange_close(&exchange);
    return rc;
}

static int consul_register(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                         struct err *err)
{
    struct consul *consul = consul_of(registry);
    if (!*spec->address && learn_local_address(consul, deadline, err) != 0)
        return -1;

    struct exchange exchange = EXCHANGE_INIT;
    int rc = -1;
    if (!consul_add_registration(&exchange.body, spec, registry_address(registry, spec)))
        err_set(err, ERR_INVALID, "consul: the registration is over %d bytes", REGISTRATION_CAP);
    else
        rc = ask_about(consul, "PUT", &exchange, "/v1/agent/service/register?replace-existing-checks=true", "",
                       deadline, err);
    if (rc == 0 && exchange.response.status != 200)
        rc = consul_http_refused(&exchange.response, err);
    exchange_close(&exchange);
    if (rc != 0)
        return -1;
    if (!consul->registered)
        consul_deregister_predecessors(&consul->http, spec, registry_address(registry, spec), deadline);
    consul->registered = true;
    consul->registered_with = consul->http.token_changes;
    return 0;
}

/* An agent that does not know us says 200 (1.8), 404 or 500: each is what we want. */
static int consul_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                             struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    int rc = ask_about(consul_of(registry), "PUT", &exchange, "/v1/agent/service/deregister/", spec->id, deadline, err);
    int status = exchange.response.status;
    if (rc == 0 && status != 200 && status != 404 && !answer_says(&exchange, 500, "unknown service"))
        rc = consul_http_refused(&exchange.response, err);
    exchange_close(&exchange);
    return rc;
}

/* --- Staying registered ---------------------------------------------------------------------- */

/* The agent tells the servers of us, and of what our check says, with the token that
 * we registered with. Once that is taken from us, they are told nothing any more,
 * while the agent itself says that all is well: so it gets the new one. */
static int hand_over_token(struct consul *consul, const struct registration_spec *spec, int64_t deadline,
                           struct err *err)
{
    if (consul->registered_with == consul->http.token_changes)
        return 0;
    return consul_register(&consul->base, spec, deadline, err);
}

static int consul_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                                bool *registered, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    int rc = ask_about(consul_of(registry), "GET", &exchange, "/v1/agent/service/", spec->id, deadline, err);
    int status = exchange.response.status;
    if (rc == 0 && status != 200 && status != 404)
        rc = consul_http_refused(&exchange.response, err);
    *registered = rc == 0 && status == 200;
    exchange_close(&exchange);
    return *registered ? hand_over_token(consul_of(registry), spec, deadline, err) : rc;
}

/* A check that the agent does not know: 500 in 1.8, 404 in newer ones. */
static int consul_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                            const char *note, int64_t deadline, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    struct buf *path = &exchange.path;
    int rc = -1;
    if (!buf_addf(path, "/v1/agent/check/%s/service:", healthy ? "pass" : "fail") ||
        !url_add_segment(path, spec->id) || !buf_adds(path, "?note=") || !url_add_segment(path, note))
        err_set(err, ERR_INVALID, "consul: the note of a heartbeat is too long");
    else
        rc = ask_briefly(consul_of(registry), "PUT", &exchange, deadline, err);

    if (rc == 0 && (exchange.response.status == 404 || answer_says(&exchange, 500, "associated TTL") ||
                    answer_says(&exchange, 500, "unknown check")))
        rc = err_set(err, ERR_NOT_FOUND, "consul: the agent has forgotten the check of %s", spec->id);
    else if (rc == 0 && exchange.response.status != 200)
        rc = consul_http_refused(&exchange.response, err);
    exchange_close(&exchange);
    return rc;
}

/* The status tells the health as well: 200 passing, 429 warning, 503 critical;
 * 404 is an agent that does not know us, which is not for us to report. */
static int consul_check_output(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                               bool *failing, char *output, size_t size, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    *failing = false;
    output[0] = '\0';
    int rc = ask_about(consul_of(registry), "GET", &exchange, "/v1/agent/health/service/id/", spec->id, deadline, err);
    int status = exchange.response.status;
    const struct buf *body = &exchange.response.body;
    if (rc == 0 && (status == 200 || status == 429 || status == 503))
        rc = consul_parse_own_health(buf_text(body), body->len, failing, output, size, err);
    else if (rc == 0 && status != 404)
        rc = consul_http_refused(&exchange.response, err);
    exchange_close(&exchange);
    return rc;
}

/* --- Discovery ----------------------------------------------------------------------------------- */

/* Every instance, in whatever state (no `passing`): the caller judges. */
static bool add_list_path(struct buf *path, const char *service, uint64_t index, int64_t wait_ms)
{
    if (!buf_adds(path, "/v1/health/service/") || !url_add_segment(path, service))
        return false;
    return index == 0 || wait_ms <= 0 || buf_addf(path, "?index=%" PRIu64 "&wait=%" PRId64 "ms", index, wait_ms);
}

/* A list that is coming in. */
struct reading {
    struct exchange *exchange;
    struct consul_list_parser parser;
    uint64_t known; /* the index of the list that the caller has; 0: none */
    struct err *err;
};

static uint64_t next_index(const struct http_response *response, uint64_t current)
{
    char index[32] = "";
    http_response_header(response, "X-Consul-Index", index, sizeof index);
    return consul_next_index(current, index);
}

/* A callback, between which everybody else has a turn: curl gives it 16 KiB at most,
 * half a millisecond's work. The same index is the same list, sent again after a wait
 * in which nothing happened: it has to be whole, but need not be parsed. Unless it is
 * the least there is, for an index of 0, which counts as that, proves nothing. */
static bool read_piece(void *arg, const char *bytes, size_t len)
{
    struct reading *reading = arg;
    struct http_response *response = &reading->exchange->response;
    if (response->status != 200) /* of an error the first words are enough */
        return response->body.len > 0 || buf_add(&response->body, bytes, len);
    reading->parser.skim = reading->known > INDEX_LEAST && next_index(response, reading->known) == reading->known;
    return consul_list_feed(&reading->parser, bytes, len, reading->err) == 0;
}

static int check_answer(struct consul *consul, const struct http_response *response, struct err *err)
{
    consul_leader_note(&consul->base, &consul->http, response);
    if (response->status != 200)
        return consul_http_refused(response, err);
    if (consul->base.leader == LEADER_NONE)
        return err_set(err, ERR_FAILED, "consul: its servers have no leader, so its list proves nothing");
    /* The wait was over before its stream had begun: then it says that there is nobody. */
    if (consul_is_streamed(response) && next_index(response, 0) <= INDEX_LEAST)
        return err_set(err, ERR_FAILED, "consul: the agent has not heard of the service yet");
    return 0;
}

static int read_list(struct consul *consul, struct reading *reading, int64_t deadline, struct instance_list **list,
                     struct err *err)
{
    const struct http_call call = {
        .path = buf_text(&reading->exchange->path),
        .deadline = deadline,
        .body_cap = LIST_CAP,
        .on_data = read_piece,
        .on_data_arg = reading,
    };
    const struct http_response *response = &reading->exchange->response;
    if (ask(consul, reading->exchange, &call, err) != 0 || check_answer(consul, response, err) != 0)
        return -1;
    return consul_list_end(&reading->parser, list, err) == 0 ? 0 : err_prefix(err, "consul");
}

static int consul_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor,
                        int64_t wait_ms, int64_t deadline, struct instance_list **list, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    struct reading reading = {.exchange = &exchange, .known = cursor->index, .err = err};
    int rc = -1;
    *list = NULL;
    cursor->index = 0; /* after a failure the next one does not wait */

    if (!add_list_path(&exchange.path, service, reading.known, wait_ms))
        err_set(err, ERR_INVALID, "consul: the name of the service is too long");
    else if (consul_list_begin(&reading.parser, err) == 0)
        rc = read_list(consul_of(registry), &reading, deadline, list, err);
    if (rc == 0)
        cursor->index = next_index(&exchange.response, reading.known);
    else
        consul_leader_name_missing(registry, &consul_of(registry)->http, err);
    consul_list_close(&reading.parser);
    exchange_close(&exchange);
    return rc;
}

/* --- Life -------------------------------------------------------------------------------------------- */

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
