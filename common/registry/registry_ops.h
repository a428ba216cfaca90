/* registry_ops: what each kind of registry implements: seven operations.
 *
 * Each kind implements struct registry_ops in a folder of its own, where the wire format has files of its own that do
 * no I/O. Callers use registry.h, and do not know the kind.
 *
 *                 Consul's agent                   etcd, its JSON gateway         Nacos 3               Eureka
 *   register      PUT /v1/agent/service/register   /v3/lease/grant, /v3/kv/put    POST …/instance       POST /apps/{APP}
 *   deregister    PUT …/service/deregister/<id>    /v3/lease/revoke               DELETE …/instance     DELETE /apps/{APP}/<id>
 *   is_registered GET /v1/agent/service/<id>       /v3/kv/range of our key        as heartbeat          GET /apps/{APP}/<id>
 *   heartbeat     PUT …/check/pass, fail (TTL)     /v3/lease/keepalive            POST, heartBeat=true  PUT /apps/{APP}/<id>
 *   check_output  GET …/health/service/id/<id>     none                           none                  none
 *   fetch         GET /v1/health/service/<name>    /v3/watch, then /v3/kv/range   GET …/instance/list   GET /apps/{APP}
 *                 waits for a change               waits for a change             polls                 polls
 *   free
 */
#ifndef REGISTRY_REGISTRY_OPS_H
#define REGISTRY_REGISTRY_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/resolve.h"
#include "registry/instance_list.h"
#include "registry/registration_spec.h"

/* Which version of a service's list the caller has. Zero-initialise: none. */
struct registry_cursor {
    uint64_t index;
    uint64_t count; /* of entries; for kinds that need it to see whether the list has changed */
};

struct registry;

/* The contract of each operation is at its function in registry.h: registry_register, registry_deregister, … */
struct registry_ops {
    const char *kind;     /* "consul", "etcd", "nacos", "eureka": also the value of X-Discovery-Source */
    bool polls;           /* fetch never waits for a change */
    bool needs_heartbeat; /* without heartbeats a registration expires, whatever its check */
    bool lacks_maintenance; /* only the instance itself can take itself out of use in it, no operator */
    int (*register_instance)(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                             struct err *err);
    int (*deregister_instance)(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                               struct err *err);
    int (*is_registered)(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                         bool *registered, struct err *err);
    int (*heartbeat)(struct registry *registry, const struct registration_spec *spec, bool healthy, const char *note,
                     int64_t deadline, struct err *err);
    /* NULL: this kind checks no instance. */
    int (*check_output)(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                        bool *failing, char *output, size_t size, struct err *err);
    int (*fetch)(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                 int64_t deadline, struct instance_list **list, struct err *err);
    void (*free)(struct registry *registry);
};

/* Index of the counters. */
enum registry_call {
    REGISTRY_REGISTER,
    REGISTRY_DEREGISTER,
    REGISTRY_IS_REGISTERED,
    REGISTRY_HEARTBEAT,
    REGISTRY_CHECK_OUTPUT,
    REGISTRY_FETCH,
    REGISTRY_CALLS, /* their number */
};

/* Whether the registry's servers have a leader. UNKNOWN: the last reply did not show it. */
enum registry_leader { LEADER_UNKNOWN, LEADER_NONE, LEADER_KNOWN };

/* The first member of each kind's own struct. */
struct registry {
    const struct registry_ops *ops;
    char local_address[ADDRESS_MAX]; /* ours, as the last connection showed it; "" until then */
    enum registry_leader leader;
    char difference[200]; /* in what the entry under our id differs from ours, as is_registered found; "" if not */
    bool in_maintenance; /* our entry, as is_registered or register found; only kinds that show it set this */
    char maintenance_reason[200]; /* the registry's words for it */
    int64_t last_contact_ms; /* since the server that replied heard from its leader; with LEADER_KNOWN */
    /* private */
    bool is_up; /* the last call did not fail */
    uint64_t calls[REGISTRY_CALLS], errors[REGISTRY_CALLS];
};

#endif
