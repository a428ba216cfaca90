/* invariants: the promises, checked after every event.
 *
 *   1. No instance that has been dead for longer than bounds.h allows is called
 *      while a live one is known, nor a critical one while a passing one can be;
 *      nor one that has just failed five times in a row.
 *   2. A live instance is back in the registry within its bound after any fault.
 *   3. No fault of the registry empties a caller's list: what more than half of
 *      goes at once stays for a minute, or until a call of it fails.
 *   4. Requests to the registry are bounded, whatever it answers.
 *   5. A call is sent again only if it is a GET, to another instance, at most
 *      CALL_ATTEMPTS times, within its deadline and the retry budget, and never
 *      after an answer.
 *   6. When nothing has been wrong for long enough, no call fails.
 *   7. Who deregistered stays away.
 *   8. In the end every fiber ends (world.c).
 *   9. No call gives up while it has attempts, time and budget left, and knows a
 *      passing instance that it did not ask, nor did another call that is under way.
 *  10. The list in use comes from the most trusted source that there is: a registry
 *      that is well again is used again within its bound.
 *  11. Who is in maintenance is not called, once a list says so.
 *  12. Nor is, in a first attempt, one of another zone, while half of the caller's own
 *      can be called.
 *
 * Each was seen to break, within 2,000 seeds, with one line of the real code changed:
 *   1  a new list taken for the old one; critical counted as healthy; failures that
 *      never eject; a missing one kept though it failed; beats before registering;
 *      an index that fell back held to be the one before
 *   2  one that is forgotten does not register again
 *   3  no doubt where most are gone; missing ones dropped after 30 s, kept for 120 s
 *   4  no pace; no back-off after a failure; none after a registration lost at once
 *   5  what was tried not followed by id; a retry after an answer; a budget without
 *      end; one attempt too many; the whole time for one attempt
 *   6  a good answer held for a failure (alone; with it, 9 sees that sooner)
 *   7  no leaving again after a registration that was cut off
 *   8  a watch that is not cancelled
 *   9  no last resort; a refused call not retried
 *  10  the second registry before the first; the older of two old lists; a back-off
 *      ten times as long; a question that waits, at a registry that failed
 *  11  maintenance not looked at
 *  12  no zone preferred, or only one that is whole
 *
 * The witness sees only what goes over the wires and what discovery shows; it
 * knows the truth about each instance, which nobody else does.
 */
#ifndef SIMULATION_INVARIANTS_H
#define SIMULATION_INVARIANTS_H

#include "simulation/world.h"

/* 2, 3 and 10, for everybody. */
void invariants_sweep(struct world *world);
/* 4: a process asks the registry. */
void invariants_request(struct link *link);
/* 4: it got an answer to its query for a list, or none. */
void invariants_fetched(struct link *link, bool success);
/* 7: it has left the registry, and was told so. */
void invariants_left(const struct sim_instance *instance, const struct sim_registry *registry);

#endif
