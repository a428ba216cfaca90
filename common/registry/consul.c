#include "registry/consul.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/env.h"
#include "loop/fiber.h"
#include "registry/consul_http.h"
#include "registry/consul_wire.h"

enum {
    PATH_CAP = 4096,                  /* bytes: the longest path that we ask for */
    REGISTRATION_CAP = 64 * 1024,     /* bytes: of a body that we send */
    LIST_CAP = 32 * 1024 * 1024,      /* bytes: 10,000 instances take 13 MB */
    SLICE_BYTES = 32 * 1024,          /* parsed at a time, about 1 ms */
    LEADER_MS = 500,                  /* for the agent's word on whether there is one */
};

struct consul {
    struct registry base;
    struct consul_http http;
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

static int ask(struct consul *consul, const char *method, struct exchange *exchange, size_t cap, int64_t deadline,
               struct err *err)
{
    const struct buf *body = exchange->body.len ? &exchange->body : NULL;
    if (consul_http_call(&consul->http, method, buf_text(&exchange->path), body, cap, deadline, &exchange->response,
                         err) != 0)
        return -1;
    memcpy(consul->base.local_address, exchange->response.local_address, sizeof consul->base.local_address);
    return 0;
}

/* "/v1/…/<id>", the id percent-encoded, and asks. */
static int ask_about(struct consul *consul, const char *method, struct exchange *exchange, const char *path,
                     const char *id, int64_t deadline, struct err *err)
{
    if (!buf_adds(&exchange->path, path) || !url_add_segment(&exchange->path, id))
        return err_set(err, ERR_INVALID, "consul: the id %.60s… is too long", id);
    return ask(consul, method, exchange, CONSUL_SMALL_REPLY, deadline, err);
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

static int consul_enroll(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
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
    return rc;
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
    return rc;
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
        rc = ask(consul_of(registry), "PUT", &exchange, CONSUL_SMALL_REPLY, deadline, err);

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

/* A server without a leader answers from what it knows, or says 500 (No cluster leader). */
static void note_leader(struct registry *registry, const struct http_response *response)
{
    char known[16], contact[24] = "";
    if (http_response_header(response, "X-Consul-KnownLeader", known, sizeof known))
        registry->leader = strcasecmp(known, "false") == 0 ? LEADER_NONE : LEADER_KNOWN;
    else if (response->status == 500 && strstr(buf_text(&response->body), "No cluster leader"))
        registry->leader = LEADER_NONE;
    http_response_header(response, "X-Consul-LastContact", contact, sizeof contact);
    if (env_parse_int(contact, &registry->last_contact_ms) != 0)
        registry->last_contact_ms = 0;
}

static int check_answer(struct registry *registry, const struct http_response *response, struct err *err)
{
    note_leader(registry, response);
    if (response->status != 200)
        return consul_http_refused(response, err);
    if (registry->leader == LEADER_NONE)
        return err_set(err, ERR_FAILED, "consul: its servers have no leader, so its list proves nothing");
    return 0;
}

/* In slices, between which everybody else has a turn. */
static int parse_list(const struct buf *body, struct instance_list **list, struct err *err)
{
    struct consul_list_parser parser;
    if (consul_list_begin(&parser, buf_text(body), body->len, err) != 0)
        return err_prefix(err, "consul");

    int more;
    while ((more = consul_list_step(&parser, SLICE_BYTES, err)) == 1) {
        fiber_yield();
        if (fiber_cancelled()) {
            more = err_set(err, ERR_CANCELLED, "reading the list was given up");
            break;
        }
    }
    if (more == 0)
        *list = consul_list_take(&parser, err);
    consul_list_close(&parser);
    return *list ? 0 : err_prefix(err, "consul");
}

/* Servers that have lost their leader keep a question for up to 7 s, in the hope of
 * a new one: for us that is a deadline that passed. The agent knows better at once. */
static void name_missing_leader(struct consul *consul, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    struct err ignored = ERR_INIT;
    if (err->code == ERR_TIMEOUT &&
        ask_about(consul, "GET", &exchange, "/v1/status/leader", "", deadline_in(LEADER_MS), &ignored) == 0 &&
        answer_says(&exchange, 200, "\"\"")) {
        err_clear(err);
        err_set(err, ERR_TIMEOUT, "consul: its servers have no leader, and keep the question");
    }
    exchange_close(&exchange);
}

static int consul_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor,
                        int64_t wait_ms, int64_t deadline, struct instance_list **list, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    struct http_response *response = &exchange.response;
    uint64_t asked = cursor->index;
    *list = NULL;
    cursor->index = 0; /* after a failure the next one does not wait */

    if (!add_list_path(&exchange.path, service, asked, wait_ms))
        err_set(err, ERR_INVALID, "consul: the name of the service is too long");
    else if (ask(consul_of(registry), "GET", &exchange, LIST_CAP, deadline, err) == 0 &&
             check_answer(registry, response, err) == 0 && parse_list(&response->body, list, err) == 0) {
        char index[32] = "";
        http_response_header(response, "X-Consul-Index", index, sizeof index);
        cursor->index = consul_next_index(asked, index);
    } else {
        name_missing_leader(consul_of(registry), err);
    }
    exchange_close(&exchange);
    return *list ? 0 : -1;
}

/* --- Life -------------------------------------------------------------------------------------------- */

static void consul_free(struct registry *registry)
{
    free(consul_of(registry));
}

static const struct registry_ops consul_ops = {
    .kind = "consul",
    .enroll = consul_enroll,
    .deregister = consul_deregister,
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
