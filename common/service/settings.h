/* settings: the environment variables that both services read, in one table.
 *
 * Every value is checked before anything starts: a typing error ends the program
 * with one line that names the variable. Otherwise it could appear much later, for
 * example as a timeout of 0. Each service adds a table for settings of its own.
 */
#ifndef SERVICE_SETTINGS_H
#define SERVICE_SETTINGS_H

#include <stdint.h>
#include <stdio.h>

#include "base/env.h"
#include "base/err.h"
#include "registry/consul/consul.h"
#include "registry/nacos/nacos_config.h"
#include "registry/name.h"
#include "service/settings_check.h"

/* Text is borrowed from the environment. */
struct settings {
    int64_t port; /* 0: any free one */
    const char *bind_address;
    const char *name, *id;
    const char *address; /* "": the local address that reaches the registry */
    const char *tags, *version, *zone;
    int64_t weight;
    int check; /* enum check_kind */
    int64_t grpc_port;
    int64_t check_interval_ms, check_timeout_ms, deregister_after_ms;
    int64_t register_jitter_ms, reconcile_ms, drain_timeout_ms;
    const char *registries; /* REGISTRIES; "": those that are configured */
    struct consul_config consul;
    const char *etcd_endpoints; /* "": none */
    struct nacos_config nacos;
    const char *eureka_url;     /* "": none */
    const char *database_url;
    int64_t database_timeout_ms;
    int64_t health_timeout_ms;
    const char *disk_path, *disk_min_free;
    int log_level; /* enum log_level */

    char made_id[SERVICE_NAME_MAX + 16]; /* `id` points to it if SERVICE_ID is not set */
};

/* The two defaults in which the services differ. */
struct settings_defaults {
    const char *name; /* "user-service" */
    const char *port; /* "8001" */
};

/* 0, or -1 with the one line to show (env_read). `settings` must not be moved: `id`
 * may point into it. */
int settings_read(struct settings *settings, const struct settings_defaults *defaults, struct err *err);
/* Reads only PORT and BIND_ADDRESS, the address of the running instance. */
int settings_read_listener(struct settings *settings, const struct settings_defaults *defaults, struct err *err);
/* The address at which a program on the same machine reaches the instance. Borrowed. */
const char *settings_own_host(const struct settings *settings);
/* The row of one setting, with its target in `settings`. The name must be in the table. */
struct env_var settings_row(struct settings *settings, const struct settings_defaults *defaults, const char *name);
void settings_help(FILE *out, const struct settings_defaults *defaults);

#endif
