/* invariants: the promises of the real code, checked after every event of a simulation.
 *
 *   1. A caller does not call an instance that has been dead for longer than bounds.h
 *      allows, if its list has a live one. It does not call a critical instance if it can
 *      call a passing one that has not failed repeatedly. It does not call an instance that
 *      has just failed five times in a row.
 *      Eureka cannot keep the first part: in self-preservation its list names dead instances
 *      as passing for as long as they stay away. There the last part leaves them out.
 *   2. A live instance is registered again within its bound after any fault.
 *   3. No fault of a registry empties a caller's list: if more than half of the instances
 *      disappear at once, they stay for a minute, or until a call to them fails. A timeout
 *      removes none while the list has only such instances.
 *   4. The number of requests to a registry is bounded, whatever it replies. One that is
 *      polled is asked at most once in 0.4 × TTL.
 *   5. A call is retried only if it is a GET, at another instance, with at most
 *      CALL_ATTEMPTS attempts, within its deadline and the retry budget, and never after
 *      an answer.
 *   6. When there has been no fault for long enough, no call fails.
 *   7. An instance that has deregistered stays deregistered.
 *   8. At the end every fiber ends (simulation.c).
 *   9. No call gives up while it has attempts, time and retry budget left, and its list
 *      has a passing instance that neither it nor another call under way has tried.
 *  10. The list in use comes from the most trusted source available; and a registry that
 *      works again is in use again within its bound.
 *  11. An instance in maintenance is not called once a list says so: the list of the most
 *      trusted registry in which an operator can set it (not etcd), in use or not.
 *  12. Of the first attempts, the part that zones.h promises stays in the caller's zone.
 *  13. An operator's maintenance outlives restarts and registrations, until the entry is
 *      removed. Ordered at the instance, it outlives that, too, until the process ends.
 *  14. A retry after a missing instance goes to a listed one, if one can be called.
 *  15. A caller begins with the instance that is first in its own order.
 *  16. A call has at most two attempts under way, and the second begins only after
 *      CALL_BACKUP_AFTER. A cancelled attempt ejects no instance. (For the rest see 5 and 9.)
 *  17. An instance that fails half of its calls, while the others fail none, is ejected within
 *      10 s, if it has 16 calls a second and the others too.
 *  18. If all instances fail half of their calls, none is ejected for its failure rate.
 *  19. At most half of the instances are ejected, while all are passing.
 *  20. An instance in slow start gets at most the first attempts that its growing share
 *      allows, and three more; and at least half of them, but for three.
 *  21. In a canary release, the first attempt goes to the user's side, and a retry to the
 *      stable one, while that has an instance which works. While only one side is healthy,
 *      calls go there.
 *
 * Each promise was seen to break, within 2,000 seeds, after one change of the real code:
 *   1  a new list is ignored; critical counts as healthy; failures never eject; a missing
 *      instance is kept although a call failed; a heartbeat before the registration; an
 *      index that falls is ignored; an entry of a dead node counts as the instance, or as
 *      better than the living one
 *   2  an instance that the registry forgot does not register again
 *   3  a list that loses most instances is believed; missing ones are removed after 30 s,
 *      or kept for 120 s, or removed by a timeout although the registry names none
 *   4  no pace; no backoff after a failure; no backoff after a registration was lost at once;
 *      a registry that cannot wait is asked as if it did
 *   5  tried instances are not excluded by id; a retry after an answer; an unlimited
 *      budget; one attempt too many; the whole time for one attempt
 *   6  a good answer counts as a failure (with only 6 checked; otherwise 9 breaks first)
 *   7  no second deregistration after a registration that was cut off
 *   8  a watch that is not cancelled
 *   9  no last resort; a refused call is not retried
 *  10  the second registry before the first; the older one of two stale lists; a backoff
 *      ten times as long; a blocking query at a registry that failed
 *  11  maintenance is ignored; that of a less trusted registry is ignored; missing instances do not get it
 *  12  no zone is preferred; all calls stay in the zone; only one zone counts
 *  13  each registration replaces all checks
 *  14  no listed instance is looked for
 *  15  the order of the list is used for all callers
 *  16  a backup at once; a cancelled attempt counts as a failure
 *  17  no instance is ejected for its failure rate; the interval is 10 s
 *  18  the others' failure rate does not matter
 *  19  no instance is readmitted when the list has shrunk
 *  20  a new instance has its full share at once; its share grows three times as fast; it
 *      passes every turn on
 *  21  the side of a user is drawn for each call; a user stays on a critical side; a retry of
 *      the canary stays there
 *
 * In a large world (settings.h) an attempt is not compared with the caller's whole list, and what a caller sees of each
 * instance is not recorded: both would cost more than the real code. So there only these are checked: 2, 4, 6, 7, 8, 10,
 * 13, the first sentence of 16, and of 5 all but the retry budget and that a retry goes to another instance.
 *
 * Of the real code the checks see only its messages on the network, the lists of
 * discovery, and the metrics of a caller. They also know the real state of each instance, which the real code does not.
 */
#ifndef SIMULATION_INVARIANTS_H
#define SIMULATION_INVARIANTS_H

#include "simulation/world.h"

/* 2, 3, 10 and 13, for all parts of the world. */
void invariants_check_all(struct world *world);
/* The same, after an event. In a large world that would cost too much: only the checker looks, at each of its ticks. */
void invariants_check_event(struct world *world);
/* 4: a process sends a request to a registry. */
void invariants_request(struct link *link);
/* 4: a caller's query for a list has ended. */
void invariants_fetched(struct link *link, bool success);
/* 7: the instance has deregistered, and the registry has confirmed it. */
void invariants_deregistered(const struct sim_instance *instance, const struct sim_registry *registry);

#endif
