/* registration: get into the registry, stay in it, leave it in order.
 *
 * One fiber for each registry that keeps one promise: while this instance runs,
 * the registry knows it.
 *   - first a random wait, so that a fleet that starts together does not hit the
 *     registry together (the lesson's registration storm). The same wait before
 *     any later registration: a restarted agent has forgotten everybody at once;
 *   - then register, backing off while the registry is away, for ever;
 *   - then ask every now and then whether we are still known, and start again
 *     where not. The lesson's sample registers once: one restart of a dev agent,
 *     and it is never found again;
 *   - with a TTL check, and in a registry that checks nobody itself, a heartbeat
 *     at a third of the TTL or lease from the first try to register on.
 */
#ifndef REGISTRATION_REGISTRATION_H
#define REGISTRATION_REGISTRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "registry/registry.h"

struct registration;

struct registration_config {
    struct registration_spec spec; /* text borrowed as long as the registration lives */
    int64_t jitter_ms;             /* upper bound of the random wait */
    int64_t reconcile_ms;          /* between two looks, ± 20 %; also the cap of the back-off */
    /* Deep health of this instance, for heartbeats. 0: healthy; -1: why. Waits. */
    int (*health)(void *arg, int64_t deadline, struct err *err);
    void *health_arg;
};

/* Starts the fibers. The registry outlives it. NULL: out of memory. */
struct registration *registration_register(struct registry *registry, const struct registration_config *config);

/* Stops the fibers, then deregisters; waits for both, at most until the deadline.
 * 0, or -1 where the registry could not be told (it will find out by its check). Frees nothing. */
int registration_deregister(struct registration *registration, int64_t deadline, struct err *err);
void registration_free(struct registration *registration); /* after stop */

/* Are we, as far as we know, registered now? */
bool registration_is_registered(const struct registration *registration);
/* Of all registrations of this instance, one for each registry; NULL ones are skipped. */
void registration_metrics(struct registration *const *registrations, size_t count, struct buf *out);

#endif
