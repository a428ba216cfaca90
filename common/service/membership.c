#include "service/membership.h"

#include "base/log.h"
#include "loop/sync.h"
#include "registry/consul.h"
#include "registry/etcd.h"

int membership_open(struct membership *membership, const struct settings *settings, struct http_client *http,
                    struct err *err)
{
    struct registry *consul = consul_new(&settings->consul, http, err);
    if (!consul)
        return -1;
    membership->registries[membership->count++] = consul;
    if (!*settings->etcd_endpoints)
        return 0;

    struct registry *etcd = etcd_new(settings->etcd_endpoints, http, err);
    if (!etcd)
        return -1;
    membership->registries[membership->count++] = etcd;
    return 0;
}

/* --- In ------------------------------------------------------------------------------ */

static int ask_health(void *arg, int64_t deadline, struct err *err)
{
    (void)deadline; /* HEALTH_TIMEOUT bounds it already */
    return health_ask(arg, err);
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
        .health = ask_health,
        .health_arg = health,
    };
}

int membership_join(struct membership *membership, const struct settings *settings, uint16_t port,
                    struct health *health)
{
    struct registration_config config = config_of(settings, port, health);
    for (size_t i = 0; i < membership->count; i++) {
        membership->registrations[i] = registration_start(membership->registries[i], &config);
        if (!membership->registrations[i])
            return -1;
    }
    return 0;
}

/* --- Out ----------------------------------------------------------------------------- */

struct leaving {
    struct registration *registration;
    const char *registry;
    int64_t deadline;
};

static void leave_one(void *arg)
{
    struct leaving *leaving = arg;
    struct err err = ERR_INIT;
    if (registration_stop(leaving->registration, leaving->deadline, &err) != 0)
        log_warn("not_deregistered", log_s("registry", leaving->registry), log_s("error", err.text));
}

void membership_leave(struct membership *membership, int64_t deadline)
{
    struct leaving leavings[REGISTRIES_MAX];
    struct group group = {0};
    for (size_t i = 0; i < membership->count; i++) {
        if (!membership->registrations[i])
            continue;
        leavings[i] = (struct leaving){membership->registrations[i], registry_kind(membership->registries[i]), deadline};
        if (group_go(&group, leave_one, &leavings[i]) != 0)
            leave_one(&leavings[i]);
    }
    group_join(&group);
    for (size_t i = 0; i < membership->count; i++) {
        registration_free(membership->registrations[i]);
        membership->registrations[i] = NULL;
    }
}

void membership_close(struct membership *membership)
{
    for (size_t i = 0; i < membership->count; i++)
        registry_free(membership->registries[i]);
    membership->count = 0;
}

void membership_metrics(const struct membership *membership, struct buf *out)
{
    registration_metrics(membership->registrations, membership->count, out);
    registry_metrics(membership->registries, membership->count, out);
}
