/* registry: one interface for every kind of service registry, with seven operations.
 *
 * struct registry_ops is the interface. Each kind of registry implements it in a folder of its own, where
 * the wire format has files of its own that do no I/O. Callers do not know the kind.
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
 *
 * Only Consul checks instances itself. The others count heartbeats, so an instance reports its own health.
 *
 * Every operation but free runs in a fiber and may wait, at most until `deadline` (on clock_ms()). It
 * returns 0, or -1 with err.
 */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "loop/resolve.h"
#include "registry/instance.h"
#include "registry/registration_spec.h"

/* Which version of a service's list the caller has. Zero-initialise: none. */
struct registry_cursor {
    uint64_t index;
    uint64_t count; /* of entries; for kinds that need it to see whether the list has changed */
};

struct registry;

/* The contract of each operation is at its function below: registry_register, registry_deregister, … */
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

const char *registry_kind(const struct registry *registry);
/* The address that is registered: the spec's, or the local one if the spec has none. "" until that is
 * known. Borrowed. */
const char *registry_address(const struct registry *registry, const struct registration_spec *spec);

/* For kinds that check no instance: whether it shows as passing. With a TCP check, or none, it does as soon as it is
 * registered. With the others it is critical until its first heartbeat, as in Consul. */
bool registration_is_passing(const struct registration_spec *spec, bool healthy);

/* Registers, or replaces an earlier registration with the same id. Then the registry has the spec's maintenance, too. */
int registry_register(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                      struct err *err);
/* If the instance is not registered, this succeeds too. */
int registry_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                        struct err *err);
/* *registered: false if the registry has forgotten the instance, as an agent that restarted may have; or if its
 * entry is not what we registered: then registry->difference says in what it differs. */
int registry_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                           bool *registered, struct err *err);
/* For a TTL check; if the registry needs_heartbeat, for every check. note: the reason, if not healthy.
 * ERR_NOT_FOUND: the registry has forgotten the instance; register again. */
int registry_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                       const char *note, int64_t deadline, struct err *err);
/* The result of the registry's own check of this instance, for the log; output is one line of less than
 * `size` bytes. A kind that checks no instance sets *failing to false. */
int registry_check_output(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                          bool *failing, char *output, size_t size, struct err *err);

/* Reads every instance of a service, in any state. Returns as soon as the list differs from the cursor's
 * version, or after about wait_ms (0: at once). On 0 the cursor moves on, and *list is a reference that the
 * caller owns (it may equal the last one), or NULL: unchanged. On -1 *list is NULL, and the next fetch
 * returns the whole list at once. These are errors too: servers without a leader, a list that is cut off or
 * over 32 MB, a list without any usable entry. */
int registry_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                   int64_t deadline, struct instance_list **list, struct err *err);

void registry_free(struct registry *registry); /* NULL is allowed */

void registry_metrics(struct registry *const *registries, size_t count, struct buf *out);

#endif
