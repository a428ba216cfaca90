#include "registry/consul/consul.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/consul/consul_checks.h"
#include "registry/consul/consul_difference.h"
#include "registry/consul/consul_exchange.h"
#include "registry/consul/consul_fetch.h"
#include "registry/consul/consul_loopback.h"
#include "registry/consul/consul_predecessor.h"
#include "registry/consul/consul_wire.h"

static struct consul *consul_of(struct registry *registry)
{
    return (struct consul *)registry; /* base is its first member */
}

static bool reply_contains(const struct consul_exchange *exchange, int status, const char *text)
{
    return exchange->response.status == status && strcasestr(buf_text(&exchange->response.body), text) != NULL;
}

/* --- Register and deregister --------------------------------------------------------------- */

/* Any small request will do: the connection shows our local address, where the agent can reach us. */
static int learn_local_address(struct consul *consul, int64_t deadline, struct err *err)
{
    struct consul_exchange exchange = CONSUL_EXCHANGE_INIT;
    int rc = consul_send_for_id(consul, "GET", &exchange, "/v1/status/leader", "", deadline, err);
    if (rc == 0 && !*consul->base.local_address)
        rc = err_set(err, ERR_FAILED, "consul: cannot find the local address of the connection; set SERVICE_ADDRESS");
    consul_exchange_close(&exchange);
    return rc;
}

static int send_registration(struct consul *consul, const struct registration_spec *spec, const char *path,
                             int64_t deadline, struct err *err)
{
    struct consul_exchange exchange = CONSUL_EXCHANGE_INIT;
    int rc = -1;
    if (!consul_add_registration(&exchange.body, spec, registry_address(&consul->base, spec)))
        err_set(err, ERR_INVALID, "consul: cannot write the registration: over %d bytes, or out of memory",
                CONSUL_REGISTRATION_CAP);
    else
        rc = consul_send_for_id(consul, "PUT", &exchange, path, "", deadline, err);
    if (rc == 0 && exchange.response.status != 200)
        rc = consul_http_error(&exchange.response, err);
    consul_exchange_close(&exchange);
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
    struct consul_exchange exchange = CONSUL_EXCHANGE_INIT;
    int rc = -1;
    if (!buf_adds(&exchange.path, "/v1/agent/service/maintenance/") || !url_add_segment(&exchange.path, spec->id) ||
        !buf_adds(&exchange.path, "?enable=false"))
        err_set(err, ERR_INVALID, "consul: cannot end the maintenance of %.60s…: its id is too long", spec->id);
    else
        rc = consul_send(consul, "PUT", &exchange, deadline, err);
    if (rc == 0 && exchange.response.status != 200)
        rc = consul_http_error(&exchange.response, err);
    if (rc == 0)
        consul->base.in_maintenance = false;
    consul_exchange_close(&exchange);
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
    struct consul_exchange exchange = CONSUL_EXCHANGE_INIT;
    int rc = consul_send_for_id(consul_of(registry), "PUT", &exchange, "/v1/agent/service/deregister/", spec->id,
                                deadline, err);
    int status = exchange.response.status;
    if (rc == 0 && status != 200 && status != 404 && !reply_contains(&exchange, 500, "unknown service"))
        rc = consul_http_error(&exchange.response, err);
    consul_exchange_close(&exchange);
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
    struct consul_exchange exchange = CONSUL_EXCHANGE_INIT;
    int rc = consul_send_for_id(consul_of(registry), "GET", &exchange, "/v1/agent/service/", spec->id, deadline, err);
    int status = exchange.response.status;
    if (rc == 0 && status != 200 && status != 404)
        rc = consul_http_error(&exchange.response, err);
    *registered = rc == 0 && status == 200;
    registry->difference[0] = '\0';
    if (*registered)
        rc = keep_ours(consul_of(registry), spec, &exchange.response.body, deadline, err);
    consul_exchange_close(&exchange);
    if (rc == 0 && *registry->difference)
        *registered = false;
    return rc;
}

/* The reply to an unknown check: 500 in 1.8, 404 in newer versions. */
static int consul_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                            const char *note, int64_t deadline, struct err *err)
{
    struct consul_exchange exchange = CONSUL_EXCHANGE_INIT;
    struct buf *path = &exchange.path;
    int rc = -1;
    if (!buf_addf(path, "/v1/agent/check/%s/service:", healthy ? "pass" : "fail") ||
        !url_add_segment(path, spec->id) || !buf_adds(path, "?note=") || !url_add_segment(path, note))
        err_set(err, ERR_INVALID, "consul: cannot send the heartbeat: its note is too long");
    else
        rc = consul_send(consul_of(registry), "PUT", &exchange, deadline, err);

    if (rc == 0 && (exchange.response.status == 404 || reply_contains(&exchange, 500, "associated TTL") ||
                    reply_contains(&exchange, 500, "unknown check")))
        rc = err_set(err, ERR_NOT_FOUND, "consul: the agent has forgotten the check of %s", spec->id);
    else if (rc == 0 && exchange.response.status != 200)
        rc = consul_http_error(&exchange.response, err);
    consul_exchange_close(&exchange);
    return rc;
}

/* The status shows the health too: 200 passing, 429 warning, 503 critical. 404: the agent does not know the
 * instance; consul_is_registered handles that. */
static int consul_check_output(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                               bool *failing, char *output, size_t size, struct err *err)
{
    struct consul_exchange exchange = CONSUL_EXCHANGE_INIT;
    *failing = false;
    output[0] = '\0';
    int rc = consul_send_for_id(consul_of(registry), "GET", &exchange, "/v1/agent/health/service/id/", spec->id,
                                deadline, err);
    int status = exchange.response.status;
    const struct buf *body = &exchange.response.body;
    if (rc == 0 && (status == 200 || status == 429 || status == 503))
        rc = consul_parse_own_health(buf_text(body), body->len, failing, output, size, err);
    else if (rc == 0 && status != 404)
        rc = consul_http_error(&exchange.response, err);
    consul_exchange_close(&exchange);
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
