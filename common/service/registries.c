#include "service/registries.h"

#include "base/log.h"
#include "config/consul_kv.h"
#include "loop/sync.h"
#include "registration/registration_metrics.h"
#include "registry/consul/consul.h"
#include "registry/etcd/etcd.h"
#include "registry/eureka/eureka.h"
#include "registry/nacos/nacos.h"

/* --- Open ------------------------------------------------------------------------- */

static struct registry *open_consul(const struct settings *settings, struct http_client *http, struct err *err)
{
    return consul_new(&settings->consul, http, err);
}

static struct registry *open_etcd(const struct settings *settings, struct http_client *http, struct err *err)
{
    return etcd_new(settings->etcd_endpoints, http, err);
}

static struct registry *open_nacos(const struct settings *settings, struct http_client *http, struct err *err)
{
    return nacos_new(&settings->nacos, http, err);
}

static struct registry *open_eureka(const struct settings *settings, struct http_client *http, struct err *err)
{
    return eureka_new(settings->eureka_url, http, err);
}

static struct config_source *open_consul_kv(const struct settings *settings, struct http_client *http, struct err *err)
{
    return consul_kv_new(&settings->consul, settings->name, http, err);
}

struct opener {
    const char *setting; /* without it this kind cannot be used */
    struct registry *(*open)(const struct settings *settings, struct http_client *http, struct err *err);
    /* NULL: we use no configuration center of this kind. */
    struct config_source *(*open_config)(const struct settings *settings, struct http_client *http, struct err *err);
};

static const struct opener openers[KINDS] = {
    [KIND_CONSUL] = {"CONSUL_HTTP_ADDR", open_consul, open_consul_kv},
    [KIND_ETCD] = {"ETCD_ENDPOINTS", open_etcd, NULL},
    [KIND_NACOS] = {"NACOS_SERVER_ADDR", open_nacos, NULL},
    [KIND_EUREKA] = {"EUREKA_URL", open_eureka, NULL},
};

static bool is_configured(const struct settings *settings, enum kind kind)
{
    const char *const addresses[KINDS] = {
        [KIND_CONSUL] = settings->consul.address,
        [KIND_ETCD] = settings->etcd_endpoints,
        [KIND_NACOS] = settings->nacos.server_addr,
        [KIND_EUREKA] = settings->eureka_url,
    };
    return *addresses[kind];
}

/* The kinds to use, in order of trust. Their number. */
static int choose_kinds(const struct settings *settings, enum kind order[KINDS])
{
    int count = 0;
    if (*settings->registries)
        return registry_order_parse(settings->registries, order);
    for (int kind = 0; kind < KINDS; kind++)
        if (is_configured(settings, (enum kind)kind))
            order[count++] = (enum kind)kind;
    return count;
}

static int open_one(struct registries *registries, enum kind kind, const struct settings *settings,
                    struct http_client *http, struct err *err)
{
    const struct opener *opener = &openers[kind];
    if (!is_configured(settings, kind))
        return err_set(err, ERR_INVALID, "REGISTRIES=%s: want %s set too, or %s left out", settings->registries,
                       opener->setting, kind_name(kind));
    struct registry *registry = opener->open(settings, http, err);
    if (!registry)
        return -1;
    registries->at[registries->count++] = registry;
    if (opener->open_config && !registries->config)
        registries->config = opener->open_config(settings, http, err);
    return opener->open_config && !registries->config ? -1 : 0;
}

int registries_open(struct registries *registries, const struct settings *settings, struct http_client *http,
                    struct err *err)
{
    enum kind order[KINDS];
    int count = choose_kinds(settings, order);
    for (int i = 0; i < count; i++)
        if (open_one(registries, order[i], settings, http, err) != 0)
            return -1;
    return 0;
}

/* --- Register --------------------------------------------------------------------- */

static int report_health(void *arg, int64_t deadline, struct err *err)
{
    (void)deadline; /* HEALTH_TIMEOUT limits it already */
    return health_evaluate(arg, err);
}

static struct registration_config config_of(const struct settings *settings, uint16_t port, struct health *health)
{
    return (struct registration_config){
        .spec =
            {
                .service = settings->name,
                .id = settings->id,
                .address = settings->address,
                .port = port,
                .tags = settings->tags,
                .version = settings->version,
                .zone = settings->zone,
                .weight = (int)settings->weight,
                .check = (enum check_kind)settings->check,
                .grpc_port = (uint16_t)settings->grpc_port,
                .check_interval_ms = settings->check_interval_ms,
                .check_timeout_ms = settings->check_timeout_ms,
                .deregister_after_ms = settings->deregister_after_ms,
            },
        .jitter_ms = settings->register_jitter_ms,
        .reconcile_ms = settings->reconcile_ms,
        .health = report_health,
        .health_arg = health,
    };
}

int registries_register(struct registries *registries, const struct settings *settings, uint16_t port,
                    struct health *health)
{
    struct registration_config config = config_of(settings, port, health);
    for (size_t i = 0; i < registries->count; i++) {
        registries->registrations[i] = registration_register(registries->at[i], &config);
        if (!registries->registrations[i])
            return -1;
    }
    return 0;
}

/* --- Changes while it runs -------------------------------------------------------- */

void registries_set_weight(struct registries *registries, int weight)
{
    for (size_t i = 0; i < registries->count; i++)
        if (registries->registrations[i])
            registration_set_weight(registries->registrations[i], weight);
}

void registries_set_maintenance(struct registries *registries, bool on, const char *reason)
{
    for (size_t i = 0; i < registries->count; i++)
        if (registries->registrations[i])
            registration_set_maintenance(registries->registrations[i], on, reason);
}

bool registries_are_current(const struct registries *registries)
{
    for (size_t i = 0; i < registries->count; i++)
        if (registries->registrations[i] && !registration_is_current(registries->registrations[i]))
            return false;
    return true;
}

/* The same in all of them. */
int registries_weight(const struct registries *registries)
{
    for (size_t i = 0; i < registries->count; i++)
        if (registries->registrations[i])
            return registration_weight(registries->registrations[i]);
    return 0;
}

const char *registries_maintenance(const struct registries *registries)
{
    for (size_t i = 0; i < registries->count; i++) {
        const struct registration *registration = registries->registrations[i];
        const char *reason = registration ? registration_maintenance(registration) : NULL;
        if (reason)
            return reason;
    }
    return NULL;
}

/* --- Deregister ------------------------------------------------------------------- */

struct departure {
    struct registration *registration;
    const char *registry;
    int64_t deadline;
};

static void deregister_one(void *arg)
{
    struct departure *departure = arg;
    struct err err = ERR_INIT;
    if (registration_deregister(departure->registration, departure->deadline, &err) != 0)
        log_warn("not_deregistered", log_s("registry", departure->registry), log_s("error", err.text));
}

void registries_deregister(struct registries *registries, int64_t deadline)
{
    struct departure departures[KINDS];
    struct group group = {0};
    for (size_t i = 0; i < registries->count; i++) {
        if (!registries->registrations[i])
            continue;
        departures[i] = (struct departure){registries->registrations[i], registry_kind(registries->at[i]), deadline};
        if (group_go(&group, deregister_one, &departures[i]) != 0)
            deregister_one(&departures[i]);
    }
    group_join(&group);
    for (size_t i = 0; i < registries->count; i++) {
        registration_free(registries->registrations[i]);
        registries->registrations[i] = NULL;
    }
}

void registries_close(struct registries *registries)
{
    for (size_t i = 0; i < registries->count; i++)
        registry_free(registries->at[i]);
    registries->count = 0;
    if (registries->config)
        registries->config->free(registries->config);
    registries->config = NULL;
}

void registries_metrics(const struct registries *registries, struct buf *out)
{
    registration_metrics(registries->registrations, registries->count, out);
    registry_metrics(registries->at, registries->count, out);
}
