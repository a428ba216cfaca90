/* registration_state: the state of one registration, shared by the files of this folder. Private to this folder.
 *
 * Two fibers share it: keep_registered() in registration.c and heartbeat_run() in heartbeat.c. Fibers
 * switch only where they wait, so no field needs a lock.
 */
#ifndef REGISTRATION_REGISTRATION_STATE_H
#define REGISTRATION_REGISTRATION_STATE_H

#include "base/log_repeat.h"
#include "loop/sync.h"
#include "registry/registry.h"

enum {
    REGISTRATION_CALL_MS = 2000,       /* timeout of one call to the registry, which normally takes milliseconds */
    REGISTRATION_REPEAT_MS = 60 * 1000, /* a failure that lasts is logged again after this */
};

struct registration {
    struct registry *registry;
    struct registration_spec spec;
    int64_t jitter_ms, reconcile_ms;
    int (*health)(void *arg, int64_t deadline, struct err *err);
    void *health_arg;

    int64_t orders, orders_applied; /* changes of the spec: ordered; in the registry */
    char reason[REGISTRATION_REASON_MAX + 1]; /* spec.maintenance_reason */

    struct group fibers;
    struct wait_queue reconcile_now; /* ends the pause between two calls of reconcile() */
    struct wait_queue heartbeat_now; /* wakes heartbeat_run() between two heartbeats */

    bool shows_maintenance;    /* that of the registry is in the log */
    bool register_tried;       /* at least once, whatever the result */
    bool register_unconfirmed; /* the last call got no reply: it may still take effect */
    bool registered;           /* as far as we know */
    int64_t registered_ms;     /* when it last registered */
    int64_t changed_ms;        /* when the registry last had another entry under our id; 0: never */
    bool forgotten;            /* the reply to a heartbeat said that the registry does not know the instance */
    bool heartbeat_due;        /* a TTL check is critical until its first heartbeat */
    struct log_repeat call_failure, check_failure, heartbeat_failure; /* what was logged last */

    int64_t registrations, losses, heartbeats; /* for the metrics */
};

#endif
