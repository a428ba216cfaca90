#include "registry/nacos/nacos.h"

#include <stdlib.h>
#include <string.h>

#include "registry/nacos/nacos_exchange.h"
#include "registry/nacos/nacos_fetch.h"
#include "registry/nacos/nacos_reply.h"

enum { REPLY_CAP = 64 * 1024 }; /* bytes of the reply to a request that writes */

static struct nacos *nacos_of(struct registry *registry)
{
    return (struct nacos *)registry; /* base is its first member */
}

/* --- One request --------------------------------------------------------------------------- */

/* A request to register, send a heartbeat or deregister, and the replies to it. */
struct writing {
    struct nacos *nacos;
    struct nacos_sent sent;
    unsigned done, unknown; /* servers that have done it; that do not know the instance */
};

static int write_to(void *arg, const struct url *server, int64_t deadline, struct http_response *response,
                    struct err *err)
{
    struct writing *writing = arg;
    struct registry *base = &writing->nacos->base;
    if (nacos_http_send(&writing->nacos->http, server, &writing->sent, deadline, response, err) != 0)
        return -1;
    if (writing->done + writing->unknown == 0)
        memcpy(base->local_address, response->local_address, sizeof base->local_address);
    enum nacos_result result = nacos_parse_result(response->status, buf_text(&response->body), response->body.len, err);
    writing->done += result == NACOS_OK;
    writing->unknown += result == NACOS_UNKNOWN_INSTANCE;
    return result == NACOS_FAILED ? -1 : 0;
}

/* has_form: the result of the nacos_add_… function that wrote the form. Servers of version 1 forward a request to the
 * one that is responsible for the instance. Those of version 3 do not (seen in 3.1): a server that did not get the
 * heartbeats itself does not list the instance, or drops it. So there each server gets each request. */
static enum nacos_result write_form(struct nacos *nacos, struct nacos_exchange *exchange, enum nacos_request request,
                                    bool has_form, int64_t deadline, struct writing *writing, struct err *err)
{
    enum nacos_api api = nacos->http.api;
    *writing = (struct writing){.nacos = nacos, .sent = {.api = api, .request = request, .form = &exchange->form,
                                                         .body_cap = REPLY_CAP}};
    int rc = !has_form ? nacos_fail_too_long(err)
             : api == NACOS_API_V3
                 ? servers_call_each(&nacos->http.servers, write_to, writing, deadline, &exchange->response, err)
                 : servers_call(&nacos->http.servers, write_to, writing, deadline, &exchange->response, err);
    nacos_exchange_close(exchange);
    if (rc != 0)
        err_prefix(err, "nacos");
    return rc != 0 ? NACOS_FAILED : writing->done > 0 ? NACOS_OK : NACOS_UNKNOWN_INSTANCE;
}

/* --- Register and deregister --------------------------------------------------------------- */

static int write_entry(struct nacos *nacos, const struct registration_spec *spec, int64_t deadline, struct err *err)
{
    struct nacos_exchange exchange = NACOS_EXCHANGE_INIT;
    struct writing writing;
    if (nacos_prepare(nacos, spec->service, deadline, err) != 0)
        return -1;
    bool has_form = nacos_add_instance(&exchange.form, &nacos->config, spec, registry_address(&nacos->base, spec),
                                       registration_is_passing(spec, nacos->healthy));
    switch (write_form(nacos, &exchange, NACOS_REGISTER, has_form, deadline, &writing, err)) {
    case NACOS_OK:
        return 0;
    case NACOS_UNKNOWN_INSTANCE:
        return err_set(err, ERR_PROTOCOL, "nacos: the server does not know an instance that it was to register");
    default:
        return -1;
    }
}

static int nacos_register(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                          struct err *err)
{
    struct nacos *nacos = nacos_of(registry);
    if (write_entry(nacos, spec, deadline, err) != 0)
        return -1;
    nacos->is_registered = true;
    return 0;
}

static int nacos_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                            struct err *err)
{
    struct nacos *nacos = nacos_of(registry);
    struct nacos_exchange exchange = NACOS_EXCHANGE_INIT;
    struct writing writing;
    nacos->is_registered = false;
    if (nacos_prepare(nacos, spec->service, deadline, err) != 0)
        return -1;
    bool has_form = nacos_add_own(&exchange.form, &nacos->config, spec, registry_address(registry, spec));
    return write_form(nacos, &exchange, NACOS_DEREGISTER, has_form, deadline, &writing, err) == NACOS_FAILED ? -1 : 0;
}

/* --- Reconcile, heartbeat ------------------------------------------------------------------ */

/* A server that was restarted, or that joined, does not know the instance, although the others do: it gets the entry
 * at once. */
static enum nacos_result send_beat(struct nacos *nacos, const struct registration_spec *spec, int64_t deadline,
                                   struct err *err)
{
    struct nacos_exchange exchange = NACOS_EXCHANGE_INIT;
    struct writing writing;
    if (nacos_prepare(nacos, spec->service, deadline, err) != 0)
        return NACOS_FAILED;
    bool has_form = nacos_add_beat(&exchange.form, nacos->http.api, &nacos->config, spec,
                                   registry_address(&nacos->base, spec));
    enum nacos_result result = write_form(nacos, &exchange, NACOS_BEAT, has_form, deadline, &writing, err);
    if (result == NACOS_OK && writing.unknown > 0 && nacos->is_registered)
        return write_entry(nacos, spec, deadline, err) == 0 ? NACOS_OK : NACOS_FAILED;
    return result;
}

/* Nacos has no query for one entry, and the list of a service may be long. A heartbeat shows whether the entry is
 * there. It would also make an unhealthy one healthy; but that one is registered again at every heartbeat. */
static int nacos_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                               bool *registered, struct err *err)
{
    struct nacos *nacos = nacos_of(registry);
    if (nacos->is_registered && !registration_is_passing(spec, nacos->healthy)) {
        *registered = true;
        return 0;
    }
    enum nacos_result result = send_beat(nacos, spec, deadline, err);
    *registered = result == NACOS_OK;
    return result == NACOS_FAILED ? -1 : 0;
}

/* A heartbeat says healthy, whatever the entry said before. So an unhealthy instance registers as such instead. */
static int nacos_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                           const char *note, int64_t deadline, struct err *err)
{
    struct nacos *nacos = nacos_of(registry);
    (void)note; /* the entry has no place for it; the log and /health show the reason */
    nacos->healthy = healthy;
    if (!nacos->is_registered)
        return err_set(err, ERR_NOT_FOUND, "nacos: %s is not registered yet", spec->id);
    if (!registration_is_passing(spec, healthy))
        return write_entry(nacos, spec, deadline, err);
    switch (send_beat(nacos, spec, deadline, err)) {
    case NACOS_OK:
        return 0;
    case NACOS_UNKNOWN_INSTANCE:
        return err_set(err, ERR_NOT_FOUND, "nacos: %s is not registered any more", spec->id);
    default:
        return -1;
    }
}

/* --- Create and free ----------------------------------------------------------------------- */

static void nacos_free(struct registry *registry)
{
    struct nacos *nacos = nacos_of(registry);
    nacos_http_close(&nacos->http);
    free(nacos);
}

static const struct registry_ops nacos_ops = {
    .kind = "nacos",
    .polls = true,
    .needs_heartbeat = true,
    .register_instance = nacos_register,
    .deregister_instance = nacos_deregister,
    .is_registered = nacos_is_registered,
    .heartbeat = nacos_heartbeat,
    .fetch = nacos_fetch,
    .free = nacos_free,
};

struct registry *nacos_new(const struct nacos_config *config, struct http_client *http, struct err *err)
{
    struct nacos *nacos = calloc(1, sizeof *nacos);
    if (!nacos) {
        err_set(err, ERR_FAILED, "out of memory");
        return NULL;
    }
    nacos->base.ops = &nacos_ops;
    nacos->config = *config;
    if (nacos_http_open(&nacos->http, &nacos->config, http, err) != 0) {
        free(nacos);
        return NULL;
    }
    return &nacos->base;
}
