/* registration: register this instance, keep it registered, deregister it.
 *
 * One fiber for each registry keeps one promise: while this instance runs, the registry lists it.
 *   - It first waits a random time (jitter), so that instances that start together do not all register
 *     at the same moment (the lesson's registration storm). It waits again before each later
 *     registration: an agent that restarts forgets all its instances at the same moment.
 *   - Then it registers, and retries with a growing pause for as long as the registry fails.
 *   - Then it checks at an interval that the registry still knows the instance (it reconciles), and
 *     registers again if not. The lesson's sample registers only once: after a dev agent restarts, no
 *     caller finds the instance any more.
 * A second fiber sends heartbeats if the registry expects them (heartbeat.h).
 *
 * An operator can change two parts of the registration while the instance runs: its weight, and whether it is in
 * maintenance. A change is written at once, or as soon as the registry answers again (registration_orders.c).
 */
#ifndef REGISTRATION_REGISTRATION_H
#define REGISTRATION_REGISTRATION_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/registry.h"

struct registration;

struct registration_config {
    struct registration_spec spec; /* its text is borrowed for as long as the registration lives */
    int64_t jitter_ms;             /* upper bound of the random wait */
    int64_t reconcile_ms;          /* time between two queries whether it is still registered, ± 20 %; also the
                                    * longest pause between retries */
    /* This instance's deep health, for heartbeats. 0: healthy; -1: not, and err says why. May wait. */
    int (*health)(void *arg, int64_t deadline, struct err *err);
    void *health_arg;
};

/* Starts the fibers and returns at once. The registry must outlive the result. NULL: out of memory. */
struct registration *registration_register(struct registry *registry, const struct registration_config *config);

/* Stops the fibers, then deregisters. Returns at the deadline at the latest. -1: the registry could not
 * be reached; its own check will find that the instance is gone. Frees nothing. */
int registration_deregister(struct registration *registration, int64_t deadline, struct err *err);
void registration_free(struct registration *registration); /* only after registration_deregister */

/* Both change what is registered, and return at once. The change outlives a restart of the registry, but not one of
 * this process. 0, or -1: not 1 to REGISTRATION_WEIGHT_MAX; a reason that is too long. */
int registration_set_weight(struct registration *registration, int weight);
/* In maintenance no caller picks the instance; it stays registered, and its checks go on. reason: for people; copied. */
int registration_set_maintenance(struct registration *registration, bool on, const char *reason);
/* True: the registry has every change that was ordered so far. */
bool registration_is_current(const struct registration *registration);
int registration_weight(const struct registration *registration);
/* The reason why this instance is in maintenance, "" for none, or NULL: it is not. What an operator set in the registry
 * itself counts, too, if the registry shows it. Borrowed until the next wait. */
const char *registration_maintenance(const struct registration *registration);
const char *registration_registry(const struct registration *registration); /* its kind: "consul" */

#endif
