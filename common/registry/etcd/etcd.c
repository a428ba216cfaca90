#include "registry/etcd/etcd.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "registry/etcd/etcd_internal.h"
#include "registry/etcd/etcd_wire.h"

/* Values of `told` that are no hash. */
enum { TOLD_NOTHING = 0, TOLD_WHO_KNOWS = 1 };

static struct etcd *etcd_of(struct registry *registry)
{
    return (struct etcd *)registry; /* base is its first member */
}

void etcd_exchange_close(struct etcd_exchange *exchange)
{
    buf_close(&exchange->body);
    http_response_close(&exchange->response);
}

/* All that we ask takes a leader to answer. */
static void note_leader(struct registry *registry, const struct http_response *response)
{
    if (response->status == 200)
        registry->leader = LEADER_KNOWN;
    else if (strstr(buf_text(&response->body), "no leader"))
        registry->leader = LEADER_NONE;
}

int etcd_ask(struct etcd *etcd, const char *path, struct etcd_exchange *exchange, bool has_body, int64_t deadline,
             struct err *err)
{
    struct http_response *response = &exchange->response;
    if (!has_body)
        return err_set(err, ERR_INVALID, "etcd: the request for %s is too long", path);
    if (etcd_http_call(&etcd->http, path, &exchange->body, deadline, response, err) != 0)
        return -1;
    memcpy(etcd->base.local_address, response->local_address, sizeof etcd->base.local_address);
    note_leader(&etcd->base, response);
    return 0;
}

static bool answer_says(const struct etcd_exchange *exchange, const char *words)
{
    return exchange->response.status != 200 && strstr(buf_text(&exchange->response.body), words) != NULL;
}

/* --- Register and deregister --------------------------------------------------------------- */

/* It may be there already: of a former life, or of an answer that got lost. */
static int grant(struct etcd *etcd, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    int rc = etcd_ask(etcd, "/v3/lease/grant", &exchange, etcd_add_grant(&exchange.body, spec), deadline, err);
    if (rc == 0 && exchange.response.status != 200 && !answer_says(&exchange, "lease already exists"))
        rc = etcd_http_refused(&exchange.response, err);
    etcd_exchange_close(&exchange);
    return rc;
}

/* Where there is nothing to check, being there is all that is known; else an
 * instance is critical until its first heartbeat, as it is in Consul. */
static enum instance_status status_of(const struct etcd *etcd, const struct registration_spec *spec)
{
    return etcd->healthy || spec->check == CHECK_TCP || spec->check == CHECK_NONE ? INSTANCE_PASSING
                                                                                  : INSTANCE_CRITICAL;
}

/* Writes the key, unless it was written just so the last time. */
static int tell(struct etcd *etcd, const struct registration_spec *spec, bool again, int64_t deadline, struct err *err)
{
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    struct buf *body = &exchange.body;
    bool has_body = etcd_add_put(body, spec, registry_address(&etcd->base, spec), status_of(etcd, spec));
    uint64_t hash = hash_bytes(buf_text(body), body->len);
    int rc = 0;
    if (!has_body || again || hash != etcd->told) {
        etcd->told = TOLD_WHO_KNOWS;
        rc = etcd_ask(etcd, "/v3/kv/put", &exchange, has_body, deadline, err);
        if (rc == 0 && exchange.response.status != 200)
            rc = etcd_http_refused(&exchange.response, err);
        if (rc == 0)
            etcd->told = hash;
    }
    etcd_exchange_close(&exchange);
    return rc;
}

/* The lease first: its answer also shows from which address of ours etcd is reached. */
static int etcd_register(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                       struct err *err)
{
    struct etcd *etcd = etcd_of(registry);
    if (grant(etcd, spec, deadline, err) != 0)
        return -1;
    return tell(etcd, spec, true, deadline, err);
}

/* A key that hangs on another lease, or on none, is still ours to take away. */
static int remove_key(struct etcd *etcd, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    int rc = etcd_ask(etcd, "/v3/kv/deleterange", &exchange, etcd_add_key(&exchange.body, spec), deadline, err);
    if (rc == 0 && exchange.response.status != 200)
        rc = etcd_http_refused(&exchange.response, err);
    etcd_exchange_close(&exchange);
    return rc;
}

/* The key goes with its lease. */
static int etcd_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                           struct err *err)
{
    struct etcd *etcd = etcd_of(registry);
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    etcd->told = TOLD_NOTHING;
    int rc = etcd_ask(etcd, "/v3/lease/revoke", &exchange, etcd_add_lease(&exchange.body, spec), deadline, err);
    if (rc == 0 && answer_says(&exchange, "lease not found"))
        rc = remove_key(etcd, spec, deadline, err);
    else if (rc == 0 && exchange.response.status != 200)
        rc = etcd_http_refused(&exchange.response, err);
    etcd_exchange_close(&exchange);
    return rc;
}

/* --- Staying registered ---------------------------------------------------------------------- */

static int etcd_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                              bool *registered, struct err *err)
{
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    const struct buf *reply = &exchange.response.body;
    *registered = false;
    int rc = etcd_ask(etcd_of(registry), "/v3/kv/range", &exchange, etcd_add_key(&exchange.body, spec), deadline, err);
    if (rc == 0 && exchange.response.status != 200)
        rc = etcd_http_refused(&exchange.response, err);
    else if (rc == 0 && etcd_parse_own(buf_text(reply), reply->len, spec, registered, err) != 0)
        rc = err_prefix(err, "etcd");
    etcd_exchange_close(&exchange);
    return rc;
}

static int keep_alive(struct etcd *etcd, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    const struct buf *reply = &exchange.response.body;
    bool is_alive = false;
    int rc = etcd_ask(etcd, "/v3/lease/keepalive", &exchange, etcd_add_lease(&exchange.body, spec), deadline, err);
    if (rc == 0 && exchange.response.status != 200)
        rc = etcd_http_refused(&exchange.response, err);
    else if (rc == 0 && etcd_parse_keepalive(buf_text(reply), reply->len, &is_alive, err) != 0)
        rc = err_prefix(err, "etcd");
    if (rc == 0 && !is_alive)
        rc = err_set(err, ERR_NOT_FOUND, "etcd: the lease of %s has run out", spec->id);
    etcd_exchange_close(&exchange);
    return rc;
}

/* A put wakes every watch of the service, so only news is put. And nothing before we
 * have registered: the lease of a former life may still be there. */
static int etcd_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                          const char *note, int64_t deadline, struct err *err)
{
    struct etcd *etcd = etcd_of(registry);
    (void)note; /* why is in the log, and in /health */
    etcd->healthy = healthy;
    if (keep_alive(etcd, spec, deadline, err) != 0)
        return -1;
    return etcd->told == TOLD_NOTHING ? 0 : tell(etcd, spec, false, deadline, err);
}

/* Nobody but ourselves checks us. */
static int etcd_check_output(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                             bool *failing, char *output, size_t size, struct err *err)
{
    (void)registry, (void)spec, (void)deadline, (void)size, (void)err;
    *failing = false;
    output[0] = '\0';
    return 0;
}

/* --- Life -------------------------------------------------------------------------------------------- */

static void etcd_free(struct registry *registry)
{
    struct etcd *etcd = etcd_of(registry);
    etcd_http_close(&etcd->http);
    free(etcd);
}

static const struct registry_ops etcd_ops = {
    .kind = "etcd",
    .needs_heartbeat = true,
    .register_instance = etcd_register,
    .deregister_instance = etcd_deregister,
    .is_registered = etcd_is_registered,
    .heartbeat = etcd_heartbeat,
    .fetch = etcd_fetch,
    .check_output = etcd_check_output,
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
    if (etcd_http_open(&etcd->http, endpoints, http, err) != 0) {
        free(etcd);
        return NULL;
    }
    return &etcd->base;
}
