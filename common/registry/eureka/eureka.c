#include "registry/eureka/eureka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/eureka/eureka_http.h"
#include "registry/eureka/eureka_wire.h"
#include "registry/list_parser.h"

enum {
    BODY_CAP = 16 * 1024,        /* of our own entry */
    REPLY_CAP = 64 * 1024,       /* of our own entry, as the server shows it */
    LIST_CAP = 32 * 1024 * 1024, /* 10,000 instances take 9 MB */
};

struct eureka {
    struct registry base;
    struct eureka_http http;
    bool is_registered; /* by this process: only then heartbeats are sent */
    bool healthy;       /* as in the last heartbeat */
    enum instance_status written; /* the status of our entry */
    unsigned writes;              /* of our entry: begun and ended; so odd while one is being written */
};

struct exchange {
    struct buf body;
    struct http_response response;
};

#define EXCHANGE_INIT {.body = BUF_INIT(BODY_CAP), .response = HTTP_RESPONSE_INIT}

static struct eureka *eureka_of(struct registry *registry)
{
    return (struct eureka *)registry; /* base is its first member */
}

static int send_one(struct eureka *eureka, struct exchange *exchange, const struct eureka_request *request,
                    int64_t deadline, struct err *err)
{
    if (eureka_http_call(&eureka->http, request, deadline, &exchange->response, err) != 0)
        return -1;
    memcpy(eureka->base.local_address, exchange->response.local_address, sizeof eureka->base.local_address);
    return 0;
}

static int send_request(struct eureka *eureka, struct exchange *exchange, const char *method,
                        const struct registration_spec *spec, const char *id, int64_t deadline, struct err *err)
{
    const struct eureka_request request = {
        .method = method,
        .service = spec->service,
        .id = id,
        .body = exchange->body.len > 0 ? &exchange->body : NULL,
        .body_cap = REPLY_CAP,
    };
    return send_one(eureka, exchange, &request, deadline, err);
}

static void exchange_close(struct exchange *exchange)
{
    buf_close(&exchange->body);
    http_response_close(&exchange->response);
}

/* --- Register and deregister --------------------------------------------------------------- */

/* In maintenance DOWN: then no caller picks a new entry before the override is set. */
static enum instance_status status_of(const struct eureka *eureka, const struct registration_spec *spec)
{
    if (spec->maintenance == MAINTENANCE_ON)
        return INSTANCE_CRITICAL;
    return registration_is_passing(spec, eureka->healthy) ? INSTANCE_PASSING : INSTANCE_CRITICAL;
}

/* Any reply shows our local address, which the entry needs. */
static int find_address(struct eureka *eureka, const struct registration_spec *spec, int64_t deadline,
                        struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    int rc = *registry_address(&eureka->base, spec)
                 ? 0
                 : send_request(eureka, &exchange, "GET", spec, spec->id, deadline, err);
    exchange_close(&exchange);
    return rc;
}

static int write_entry(struct eureka *eureka, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    enum instance_status status = status_of(eureka, spec);
    int rc = -1;
    eureka->writes++;
    if (!eureka_add_registration(&exchange.body, spec, registry_address(&eureka->base, spec), status))
        err_set(err, ERR_INVALID, "eureka: cannot write the registration: too long, or out of memory");
    else
        rc = send_request(eureka, &exchange, "POST", spec, NULL, deadline, err);
    eureka->writes++;
    if (rc == 0 && exchange.response.status == 404)
        rc = err_set(err, ERR_FAILED, "eureka: HTTP 404 for a registration");
    if (rc == 0)
        eureka->written = status;
    exchange_close(&exchange);
    return rc;
}

/* As an override. A registration with OUT_OF_SERVICE does not change an entry that is UP; and a new entry with
 * OUT_OF_SERVICE stays so, whatever later registrations say (the server's LeaseExistsRule). */
static int send_maintenance(struct eureka *eureka, const struct registration_spec *spec, int64_t deadline,
                            struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    bool on = spec->maintenance == MAINTENANCE_ON;
    const struct eureka_request request = {
        .method = on ? "PUT" : "DELETE",
        .service = spec->service,
        .id = spec->id,
        .override = on ? "OUT_OF_SERVICE" : eureka_status_word(eureka->written),
        .body_cap = REPLY_CAP,
    };
    int rc = send_one(eureka, &exchange, &request, deadline, err);
    if (rc == 0 && exchange.response.status == 404)
        rc = err_set(err, ERR_FAILED, "eureka: HTTP 404 for the status of %s", spec->id);
    exchange_close(&exchange);
    return rc;
}

static int eureka_register(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                           struct err *err)
{
    struct eureka *eureka = eureka_of(registry);
    if (find_address(eureka, spec, deadline, err) != 0 || write_entry(eureka, spec, deadline, err) != 0)
        return -1;
    if (spec->maintenance != MAINTENANCE_AS_IS && send_maintenance(eureka, spec, deadline, err) != 0)
        return -1;
    eureka->is_registered = true;
    return 0;
}

static int eureka_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                             struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    eureka_of(registry)->is_registered = false;
    int rc = send_request(eureka_of(registry), &exchange, "DELETE", spec, spec->id, deadline, err);
    exchange_close(&exchange);
    return rc;
}

/* --- Reconcile, heartbeat ------------------------------------------------------------------ */

/* If a heartbeat writes the entry meanwhile, the reply may show it as it was before: then a difference does not
 * count. */
static int eureka_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                                bool *registered, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    const struct buf *reply = &exchange.response.body;
    const char *difference = "";
    struct eureka *eureka = eureka_of(registry);
    unsigned known_writes = eureka->writes;
    *registered = false;
    int rc = send_request(eureka, &exchange, "GET", spec, spec->id, deadline, err);
    if (rc == 0 && exchange.response.status != 404) {
        rc = eureka_parse_own(buf_text(reply), reply->len, spec, registry_address(registry, spec), eureka->written,
                              &difference, err);
        if (eureka->writes != known_writes || known_writes % 2 == 1)
            difference = "";
        *registered = rc == 0 && !*difference;
        rc = rc == 0 ? 0 : err_prefix(err, "eureka");
    }
    snprintf(registry->difference, sizeof registry->difference, "%s", difference);
    exchange_close(&exchange);
    return rc;
}

static int renew(struct eureka *eureka, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct exchange exchange = EXCHANGE_INIT;
    int rc = send_request(eureka, &exchange, "PUT", spec, spec->id, deadline, err);
    if (rc == 0 && exchange.response.status == 404)
        rc = err_set(err, ERR_NOT_FOUND, "eureka: the lease of %s has expired", spec->id);
    exchange_close(&exchange);
    return rc;
}

/* A heartbeat renews the lease and cannot change the status: for that the entry is registered again. An operator's
 * override survives that. The lease of a new entry lasts only half as long, so it is renewed at once. */
static int eureka_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                            const char *note, int64_t deadline, struct err *err)
{
    struct eureka *eureka = eureka_of(registry);
    (void)note; /* the entry has no place for it; the log and /health show the reason */
    eureka->healthy = healthy;
    if (!eureka->is_registered)
        return err_set(err, ERR_NOT_FOUND, "eureka: %s is not registered yet", spec->id);
    if (status_of(eureka, spec) != eureka->written && write_entry(eureka, spec, deadline, err) != 0)
        return -1;
    return renew(eureka, spec, deadline, err);
}

/* --- Discovery ----------------------------------------------------------------------------- */

/* A list that is arriving. */
struct list_reader {
    struct eureka *eureka;
    const char *service;
    struct http_response *response;
    struct list_parser parser;
    struct instance_list *list; /* the whole one; NULL: not yet */
    struct err *err;            /* of the try that runs */
};

/* The body of an error is kept: it holds the reason. */
static bool read_piece(void *arg, const char *bytes, size_t len)
{
    struct list_reader *reader = arg;
    struct http_response *response = reader->response;
    if (response->status != 200)
        return response->body.len > 0 || buf_add(&response->body, bytes, len);
    return list_parser_feed(&reader->parser, bytes, len, reader->err) == 0;
}

/* 404: no instance is registered. That is an empty list, not an error. */
static int end_list(struct list_reader *reader, struct err *err)
{
    if (reader->response->status != 404)
        return list_parser_end(&reader->parser, &reader->list, err);
    instance_list_finish(reader->parser.list);
    reader->list = instance_list_ref(reader->parser.list);
    return 0;
}

/* Reads the list from one server, from its beginning. */
static int read_list(void *arg, const struct url *server, int64_t deadline, struct http_response *response,
                     struct err *err)
{
    struct list_reader *reader = arg;
    const struct eureka_request request = {
        .method = "GET",
        .service = reader->service,
        .body_cap = LIST_CAP,
        .on_data = read_piece,
        .on_data_arg = reader,
    };
    reader->err = err;
    if (eureka_list_begin(&reader->parser, err) != 0)
        return -1;
    int rc = eureka_http_send(&reader->eureka->http, server, &request, deadline, response, err);
    if (rc == 0)
        rc = end_list(reader, err);
    list_parser_close(&reader->parser);
    return rc;
}

static int eureka_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor,
                        int64_t wait_ms, int64_t deadline, struct instance_list **list, struct err *err)
{
    struct eureka *eureka = eureka_of(registry);
    struct http_response response = HTTP_RESPONSE_INIT;
    struct list_reader reader = {.eureka = eureka, .service = service, .response = &response};
    (void)cursor, (void)wait_ms; /* Eureka numbers no list, and never waits */
    int rc = servers_call(&eureka->http.servers, read_list, &reader, deadline, &response, err);
    *list = reader.list;
    http_response_close(&response);
    return rc == 0 ? 0 : err_prefix(err, "eureka");
}

/* --- Create and free ----------------------------------------------------------------------- */

static void eureka_free(struct registry *registry)
{
    struct eureka *eureka = eureka_of(registry);
    eureka_http_close(&eureka->http);
    free(eureka);
}

static const struct registry_ops eureka_ops = {
    .kind = "eureka",
    .polls = true,
    .needs_heartbeat = true,
    .register_instance = eureka_register,
    .deregister_instance = eureka_deregister,
    .is_registered = eureka_is_registered,
    .heartbeat = eureka_heartbeat,
    .fetch = eureka_fetch,
    .free = eureka_free,
};

struct registry *eureka_new(const char *url, struct http_client *http, struct err *err)
{
    struct eureka *eureka = calloc(1, sizeof *eureka);
    if (!eureka) {
        err_set(err, ERR_FAILED, "out of memory");
        return NULL;
    }
    eureka->base.ops = &eureka_ops;
    if (eureka_http_open(&eureka->http, url, http, err) != 0) {
        free(eureka);
        return NULL;
    }
    return &eureka->base;
}
