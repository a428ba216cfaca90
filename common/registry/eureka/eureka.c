#include "registry/eureka/eureka.h"

#include <stdio.h>
#include <stdlib.h>

#include "registry/eureka/eureka_exchange.h"
#include "registry/eureka/eureka_fetch.h"
#include "registry/eureka/eureka_wire.h"

static struct eureka *eureka_of(struct registry *registry)
{
    return (struct eureka *)registry; /* base is its first member */
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
    struct eureka_exchange exchange = EUREKA_EXCHANGE_INIT;
    int rc = *registry_address(&eureka->base, spec)
                 ? 0
                 : eureka_send_for(eureka, &exchange, "GET", spec, spec->id, deadline, err);
    eureka_exchange_close(&exchange);
    return rc;
}

static int write_entry(struct eureka *eureka, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct eureka_exchange exchange = EUREKA_EXCHANGE_INIT;
    enum instance_status status = status_of(eureka, spec);
    int rc = -1;
    eureka->writes++;
    if (!eureka_add_registration(&exchange.body, spec, registry_address(&eureka->base, spec), status))
        err_set(err, ERR_INVALID, "eureka: cannot write the registration: too long, or out of memory");
    else
        rc = eureka_send_for(eureka, &exchange, "POST", spec, NULL, deadline, err);
    eureka->writes++;
    if (rc == 0 && exchange.response.status == 404)
        rc = err_set(err, ERR_FAILED, "eureka: HTTP 404 for a registration");
    if (rc == 0)
        eureka->written = status;
    eureka_exchange_close(&exchange);
    return rc;
}

/* As an override. A registration with OUT_OF_SERVICE does not change an entry that is UP; and a new entry with
 * OUT_OF_SERVICE stays so, whatever later registrations say (the server's LeaseExistsRule). */
static int send_maintenance(struct eureka *eureka, const struct registration_spec *spec, int64_t deadline,
                            struct err *err)
{
    struct eureka_exchange exchange = EUREKA_EXCHANGE_INIT;
    bool on = spec->maintenance == MAINTENANCE_ON;
    const struct eureka_request request = {
        .method = on ? "PUT" : "DELETE",
        .service = spec->service,
        .id = spec->id,
        .override = on ? "OUT_OF_SERVICE" : eureka_status_word(eureka->written),
        .body_cap = EUREKA_REPLY_CAP,
    };
    int rc = eureka_send(eureka, &exchange, &request, deadline, err);
    if (rc == 0 && exchange.response.status == 404)
        rc = err_set(err, ERR_FAILED, "eureka: HTTP 404 for the status of %s", spec->id);
    eureka_exchange_close(&exchange);
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
    struct eureka_exchange exchange = EUREKA_EXCHANGE_INIT;
    eureka_of(registry)->is_registered = false;
    int rc = eureka_send_for(eureka_of(registry), &exchange, "DELETE", spec, spec->id, deadline, err);
    eureka_exchange_close(&exchange);
    return rc;
}

/* --- Reconcile, heartbeat ------------------------------------------------------------------ */

/* If a heartbeat writes the entry meanwhile, the reply may show it as it was before: then a difference does not
 * count. */
static int eureka_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                                bool *registered, struct err *err)
{
    struct eureka_exchange exchange = EUREKA_EXCHANGE_INIT;
    const struct buf *reply = &exchange.response.body;
    const char *difference = "";
    struct eureka *eureka = eureka_of(registry);
    unsigned known_writes = eureka->writes;
    *registered = false;
    int rc = eureka_send_for(eureka, &exchange, "GET", spec, spec->id, deadline, err);
    if (rc == 0 && exchange.response.status != 404) {
        rc = eureka_parse_own(buf_text(reply), reply->len, spec, registry_address(registry, spec), eureka->written,
                              &difference, err);
        if (eureka->writes != known_writes || known_writes % 2 == 1)
            difference = "";
        *registered = rc == 0 && !*difference;
        rc = rc == 0 ? 0 : err_prefix(err, "eureka");
    }
    snprintf(registry->difference, sizeof registry->difference, "%s", difference);
    eureka_exchange_close(&exchange);
    return rc;
}

static int renew(struct eureka *eureka, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct eureka_exchange exchange = EUREKA_EXCHANGE_INIT;
    int rc = eureka_send_for(eureka, &exchange, "PUT", spec, spec->id, deadline, err);
    if (rc == 0 && exchange.response.status == 404)
        rc = err_set(err, ERR_NOT_FOUND, "eureka: the lease of %s has expired", spec->id);
    eureka_exchange_close(&exchange);
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
