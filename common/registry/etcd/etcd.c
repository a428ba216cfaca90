#include "registry/etcd/etcd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "registry/etcd/etcd_exchange.h"
#include "registry/etcd/etcd_fetch.h"
#include "registry/etcd/etcd_wire.h"

/* Values of etcd_written.hash that are not a hash. */
enum { PUT_NONE = 0, PUT_UNCONFIRMED = 1 };

static struct etcd *etcd_of(struct registry *registry)
{
    return (struct etcd *)registry; /* base is its first member */
}

static bool error_contains(const struct etcd_exchange *exchange, const char *text)
{
    return exchange->response.status != 200 && strstr(buf_text(&exchange->response.body), text) != NULL;
}

/* --- Register and deregister --------------------------------------------------------------- */

/* The lease may exist already: from an earlier process with the same id, or because the reply got lost. */
static int grant_lease(struct etcd *etcd, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    int rc = etcd_send(etcd, "/v3/lease/grant", &exchange, etcd_add_grant(&exchange.body, spec), deadline, err);
    if (rc == 0 && exchange.response.status != 200 && !error_contains(&exchange, "lease already exists"))
        rc = etcd_http_error(&exchange.response, err);
    etcd_exchange_close(&exchange);
    return rc;
}

static enum instance_status status_of(const struct etcd *etcd, const struct registration_spec *spec)
{
    return registration_is_passing(spec, etcd->healthy) ? INSTANCE_PASSING : INSTANCE_CRITICAL;
}

static int send_put(struct etcd *etcd, struct etcd_exchange *exchange, bool has_body, int64_t deadline, struct err *err)
{
    if (etcd_send(etcd, "/v3/kv/put", exchange, has_body, deadline, err) != 0)
        return -1;
    if (error_contains(exchange, "lease not found"))
        return err_set(err, ERR_NOT_FOUND, "etcd: the lease has expired");
    return exchange->response.status == 200 ? 0 : etcd_http_error(&exchange->response, err);
}

/* Writes the key. Without `force` only if its value has changed since the last time. */
static int put_key(struct etcd *etcd, const struct registration_spec *spec, bool force, int64_t deadline,
                   struct err *err)
{
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    struct buf *body = &exchange.body;
    enum instance_status status = status_of(etcd, spec);
    bool has_body = etcd_add_put(body, spec, registry_address(&etcd->base, spec), status);
    uint64_t hash = hash_bytes(buf_text(body), body->len);
    struct etcd_written before = etcd->written;
    int rc = 0;
    if (!has_body || force || hash != before.hash) {
        bool is_passing = status == INSTANCE_PASSING;
        etcd->written = (struct etcd_written){PUT_UNCONFIRMED, before.may_be_passing || is_passing};
        rc = send_put(etcd, &exchange, has_body, deadline, err);
        if (rc == 0)
            etcd->written = (struct etcd_written){hash, is_passing};
        else if (exchange.response.status >= 400 && exchange.response.status < 500) /* certainly not written */
            etcd->written = before;
    }
    etcd_exchange_close(&exchange);
    return rc;
}

/* The lease comes first: its reply also shows our local address, which the key's value needs. */
static int etcd_register(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                         struct err *err)
{
    struct etcd *etcd = etcd_of(registry);
    if (grant_lease(etcd, spec, deadline, err) != 0)
        return -1;
    return put_key(etcd, spec, true, deadline, err);
}

/* The key is ours even if it is on another lease or on none. */
static int delete_key(struct etcd *etcd, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    int rc = etcd_send(etcd, "/v3/kv/deleterange", &exchange, etcd_add_key(&exchange.body, spec), deadline, err);
    if (rc == 0 && exchange.response.status != 200)
        rc = etcd_http_error(&exchange.response, err);
    etcd_exchange_close(&exchange);
    return rc;
}

/* Revoking the lease deletes its keys. */
static int etcd_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                           struct err *err)
{
    struct etcd *etcd = etcd_of(registry);
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    etcd->written = (struct etcd_written){PUT_NONE, true};
    int rc = etcd_send(etcd, "/v3/lease/revoke", &exchange, etcd_add_lease(&exchange.body, spec), deadline, err);
    if (rc == 0 && error_contains(&exchange, "lease not found"))
        rc = delete_key(etcd, spec, deadline, err);
    else if (rc == 0 && exchange.response.status != 200)
        rc = etcd_http_error(&exchange.response, err);
    etcd_exchange_close(&exchange);
    return rc;
}

/* --- Reconcile, heartbeat -------------------------------------------------------- */

/* The value is compared only if a put of it was confirmed before the key was read (known_put: written.hash at that
 * time), and none came since. Otherwise a heartbeat puts it, or has just done so. */
static int compare_key(struct etcd *etcd, const struct registration_spec *spec, const struct buf *reply,
                       uint64_t known_put, const char **difference, bool *is_ours, struct err *err)
{
    struct buf put = BUF_INIT(ETCD_REQUEST_CAP);
    bool is_put = etcd_add_put(&put, spec, registry_address(&etcd->base, spec), status_of(etcd, spec)) &&
                  hash_bytes(buf_text(&put), put.len) == known_put && etcd->written.hash == known_put;
    int rc = etcd_parse_own(buf_text(reply), reply->len, spec, is_put ? &put : NULL, difference, is_ours, err);
    buf_close(&put);
    return rc;
}

static int etcd_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                              bool *registered, struct err *err)
{
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    struct etcd *etcd = etcd_of(registry);
    uint64_t known_put = etcd->written.hash;
    const char *difference = "";
    *registered = false;
    int rc = etcd_send(etcd, "/v3/kv/range", &exchange, etcd_add_key(&exchange.body, spec), deadline, err);
    if (rc == 0 && exchange.response.status != 200)
        rc = etcd_http_error(&exchange.response, err);
    else if (rc == 0 &&
             compare_key(etcd, spec, &exchange.response.body, known_put, &difference, registered, err) != 0)
        rc = err_prefix(err, "etcd");
    snprintf(registry->difference, sizeof registry->difference, "%s", difference);
    etcd_exchange_close(&exchange);
    return rc;
}

static int keep_alive(struct etcd *etcd, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    const struct buf *reply = &exchange.response.body;
    bool is_alive = false;
    int rc = etcd_send(etcd, "/v3/lease/keepalive", &exchange, etcd_add_lease(&exchange.body, spec), deadline, err);
    if (rc == 0 && exchange.response.status != 200)
        rc = etcd_http_error(&exchange.response, err);
    else if (rc == 0 && etcd_parse_keepalive(buf_text(reply), reply->len, &is_alive, err) != 0)
        rc = err_prefix(err, "etcd");
    if (rc == 0 && !is_alive)
        rc = err_set(err, ERR_NOT_FOUND, "etcd: the lease of %s has expired", spec->id);
    etcd_exchange_close(&exchange);
    return rc;
}

/* A put wakes every watch of the service, so put_key() sends only changes. It can fail while etcd still renews
 * the lease: etcd is over its quota, or our role has lost its permission. Then the key would say passing for
 * ever, whatever the instance's health. So the lease of such a key is not renewed: the key disappears, and the
 * instance registers again as soon as it can. A key that says critical may stay.
 *
 * Nothing is put or renewed before this process has registered: the lease may be that of an earlier process. */
static int etcd_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                          const char *note, int64_t deadline, struct err *err)
{
    struct etcd *etcd = etcd_of(registry);
    struct err why = ERR_INIT;
    (void)note; /* the key has no place for it; the log and /health show the reason */
    etcd->healthy = healthy;
    if (etcd->written.hash == PUT_NONE)
        return err_set(err, ERR_NOT_FOUND, "etcd: %s is not registered yet", spec->id);
    if (put_key(etcd, spec, false, deadline, &why) == 0)
        return keep_alive(etcd, spec, deadline, err);
    bool renews = !etcd->written.may_be_passing;
    if (renews && keep_alive(etcd, spec, deadline, err) != 0)
        return -1;
    return err_set(err, why.code, "etcd: cannot write the status %s%s: %s", instance_status_name(status_of(etcd, spec)),
                   renews ? "" : ", so the lease is not renewed", why.text);
}

/* --- Create and free --------------------------------------------------------------------------------- */

static void etcd_free(struct registry *registry)
{
    struct etcd *etcd = etcd_of(registry);
    etcd_http_close(&etcd->http);
    free(etcd);
}

static const struct registry_ops etcd_ops = {
    .kind = "etcd",
    .needs_heartbeat = true,
    .lacks_maintenance = true,
    .register_instance = etcd_register,
    .deregister_instance = etcd_deregister,
    .is_registered = etcd_is_registered,
    .heartbeat = etcd_heartbeat,
    .fetch = etcd_fetch,
    .free = etcd_free,
};

struct registry *etcd_new(const char *endpoints, struct http_client *http, struct err *err)
{
    struct etcd *etcd = calloc(1, sizeof *etcd);
    if (!etcd) {
        err_set(err, ERR_FAILED, "out of memory");
        return NULL;
    }
    etcd->base.ops = &etcd_ops;
    etcd->written.may_be_passing = true; /* an earlier process may have written the key */
    if (etcd_http_open(&etcd->http, endpoints, http, err) != 0) {
        free(etcd);
        return NULL;
    }
    return &etcd->base;
}
