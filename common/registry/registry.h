/* registry: what every service registry can do, and nothing that only one can.
 *
 * Registration, heartbeat, discovery: the lesson's part one, as six functions.
 * Above this line nobody knows which registry it is; below it each kind has a
 * file of its own, with its wire format in another that does no I/O.
 *
 * How the kinds fit:
 *   Consul   register = agent service register; is_registered = agent service
 *            read; heartbeat = check pass/fail (TTL); fetch = blocking query.
 *   etcd     register = lease grant + put; is_registered = range of our key;
 *            heartbeat = lease keepalive, and put where the status has changed;
 *            fetch = a watch from the last revision on, within wait_ms, then range.
 *   Nacos    register = POST instance; heartbeat = PUT beat, whose answer also
 *            serves is_registered; fetch = GET list (no long poll: returns at
 *            once, and the caller's pace is the poll interval, see `polls`).
 *   Eureka   register = POST app; heartbeat = PUT renew, 404 of which serves
 *            is_registered; fetch = GET delta merged into the list that the
 *            cursor stands for, or the whole list where it stands for none.
 *
 * All functions run in a fiber and wait; deadline is on clock_ms().
 */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "loop/resolve.h"
#include "registry/instance.h"

/* The names that SERVICE_CHECK accepts, in the order of the enum below: the setting
 * is an index into both. */
#define CHECK_KIND_NAMES "http|tcp|ttl|grpc|none"

enum check_kind { CHECK_HTTP, CHECK_TCP, CHECK_TTL, CHECK_GRPC, CHECK_NONE };

/* What an instance says of itself. Text is borrowed, NULL nowhere. */
struct registration_spec {
    const char *service, *id;
    const char *address; /* "": the local address from which the registry is reached */
    uint16_t port;
    const char *tags; /* comma-separated */
    const char *version, *zone; /* "": left out */
    int weight;
    enum check_kind check;
    uint16_t grpc_port;
    int64_t check_interval_ms, check_timeout_ms;
    int64_t deregister_after_ms; /* of being critical */
};

/* Where a reader of one service's list stands. Zero-initialise: knows nothing. */
struct registry_cursor {
    uint64_t index;
    uint64_t count; /* of entries, where the kind needs it to tell whether the list is the same */
};

struct registry;

/* Each kind fills one in; called through the functions below. */
struct registry_ops {
    const char *kind; /* "consul", "etcd": as X-Discovery-Source shows it */
    bool polls;       /* fetch never waits for a change */
    /* It checks nobody: whoever does not beat is gone, whatever his check's kind. */
    bool needs_heartbeat;
    int (*register_instance)(struct registry *registry, const struct registration_spec *spec, int64_t deadline, struct err *err);
    int (*deregister_instance)(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                      struct err *err);
    int (*is_registered)(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                         bool *registered, struct err *err);
    int (*heartbeat)(struct registry *registry, const struct registration_spec *spec, bool healthy, const char *note,
                     int64_t deadline, struct err *err);
    int (*fetch)(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                 int64_t deadline, struct instance_list **list, struct err *err);
    int (*check_output)(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                        bool *failing, char *output, size_t size, struct err *err);
    void (*free)(struct registry *registry);
};

/* The functions below, in numbers. */
enum registry_call {
    REGISTRY_REGISTER,
    REGISTRY_DEREGISTER,
    REGISTRY_IS_REGISTERED,
    REGISTRY_HEARTBEAT,
    REGISTRY_CHECK_OUTPUT,
    REGISTRY_FETCH,
    REGISTRY_CALLS, /* how many there are */
};

/* How its servers said they are, the last time that they said so. */
enum registry_leader { LEADER_UNTOLD, LEADER_NONE, LEADER_KNOWN };

/* The first member of each kind's own struct. */
struct registry {
    const struct registry_ops *ops;
    char local_address[ADDRESS_MAX]; /* ours, from which it was last reached; "" until known */
    enum registry_leader leader;
    int64_t last_contact_ms; /* since the server that answered heard from the leader; with LEADER_KNOWN */
    /* private */
    bool answers; /* the last call did not fail */
    uint64_t calls[REGISTRY_CALLS], errors[REGISTRY_CALLS];
};

const char *registry_kind(const struct registry *registry);
/* The address under which this spec is registered: its own, or where it names
 * none, ours as the registry's socket showed it. "" until known. Borrowed. */
const char *registry_address(const struct registry *registry, const struct registration_spec *spec);

/* Registers, or registers anew; the same spec twice is no error. */
int registry_register(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                      struct err *err);
/* Not being registered is success. */
int registry_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                        struct err *err);
/* Does the registry still know it? (An agent that restarted may have forgotten.) */
int registry_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                           bool *registered, struct err *err);
/* For TTL checks, and for every kind of check where the registry needs_heartbeat.
 * ERR_NOT_FOUND: forgotten, register again. */
int registry_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                       const char *note, int64_t deadline, struct err *err);
/* What the registry's own check of this instance says: *failing, and its output
 * as one line. For the log: a check that cannot reach us is the commonest fault
 * of a first set-up. A kind without such a view says not failing. */
int registry_check_output(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                          bool *failing, char *output, size_t size, struct err *err);

/* The whole list of a service, in every state, as soon as it differs from what
 * the cursor stands for, or after about wait_ms (0: at once). 0 with *list: the
 * caller owns the reference; the cursor moves on. *list may equal the last one:
 * it says that it is confirmed. -1 and *list NULL: the cursor is set so that the
 * next fetch gives a whole list. A reply without a leader behind it, one that is
 * not whole or over 32 MB, one in which no entry is sound: an error. */
int registry_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                   int64_t deadline, struct instance_list **list, struct err *err);

void registry_free(struct registry *registry); /* NULL is allowed */

void registry_metrics(struct registry *const *registries, size_t count, struct buf *out);

#endif
