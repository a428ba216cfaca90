/* order_settings: the settings that only order-service reads from the environment. */
#ifndef ORDER_SETTINGS_H
#define ORDER_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/env.h"

/* Text is borrowed from the environment. */
struct order_settings {
    const char *user_service; /* the service that is discovered and called */
    const char *user_version; /* of the instances that are called; "": any */
    const char *user_tags;    /* of the instances that are called, comma-separated; "": none is needed */
    const char *user_canary;  /* for canary_parse(); "": none */
    int64_t cache_ttl_ms;
    int mode;                     /* enum discovery_mode: the choices have the enum's order */
    const char *snapshot_dir;     /* "": none */
    const char *static_instances; /* "": none */
    int policy;                   /* enum balance_policy: the choices have the enum's order */
    int64_t slow_start_ms;
    int64_t call_timeout_ms;
    int64_t call_attempts;
    int64_t backup_after_ms; /* 0: no backup requests */
};

enum { ORDER_SETTINGS_COUNT = 13 };

/* Describes each setting: name, type, default and limits. Reading the table fills in `settings`. */
void order_settings_table(struct order_settings *settings, struct env_var table[ORDER_SETTINGS_COUNT]);

#endif
