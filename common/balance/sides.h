/* sides: the balancers of one service: one for the stable instances, and in a canary release one more, for the
 * canary. Each is a whole balancer, so zones, turns, ejections of at most half and fail open are those of its side.
 *
 * A call goes to its user's side (route.h). It goes to the other side if
 *   1. the instances of that one are in a better tier of health: the canary is critical, in maintenance or not there,
 *      and the stable instances pass. If both sides are equal, the user stays;
 *   2. all instances of its own side are failing (outlier.h), and those of the other one are not. The first attempt of
 *      one call in SIDES_TEST_MS still goes to its own side, to see whether that works again;
 *   3. it is a retry of a call to the canary, and the stable side does not fail: the new version is what is in doubt;
 *   4. it has tried all instances of its own side.
 * The functions do the same as those of balancer.h.
 */
#ifndef BALANCE_SIDES_H
#define BALANCE_SIDES_H

#include "balance/balancer.h"

enum { SIDES_TEST_MS = 1000 };

/* Private, except where noted. */
struct sides {
    struct balancer_config config; /* its texts are borrowed */
    struct route route;            /* may be read */
    struct balancer *at[ROUTE_SIDES]; /* the stable one may be read: it lists all instances. The other: NULL without
                                       * a canary */
    uint64_t picks[ROUTE_SIDES];      /* may be read */
    int64_t test_ms; /* when the next call tests a side that is failing */
};

/* Both are copied, except for their texts and the config's route. 0, or -1: out of memory. */
int sides_init(struct sides *sides, const struct balancer_config *config, const struct route *route);
void sides_close(struct sides *sides);
/* Replaces the canary. The next sides_update() fills in its instances, and must come before the next pick.
 * 0, or -1: out of memory, and nothing has changed. */
int sides_set_canary(struct sides *sides, const struct canary *canary, int64_t now_ms);

int sides_set_policy(struct sides *sides, enum balance_policy policy, int64_t now_ms);

int sides_update(struct sides *sides, struct instance_list *list, const bool *missing, int64_t now_ms);
struct balancer_peer *sides_pick(struct sides *sides, const struct balance_request *request, int64_t now_ms);
const struct balancer_peer *sides_peek(const struct sides *sides, const struct balance_request *request,
                                       int64_t now_ms);
void sides_settle(struct sides *sides, int64_t now_ms);
/* The balancer of this peer, for what balancer.h does with one: balancer_report(), balancer_follow() … */
struct balancer *sides_balancer_of(const struct sides *sides, const struct balancer_peer *peer);

/* Each instance once, with the peer of its own side. */
size_t sides_count(const struct sides *sides);
const struct balancer_peer *sides_at(const struct sides *sides, size_t i);
/* The picks of this instance, and its calls in flight: also those from before it changed its side. */
uint64_t sides_picks(const struct sides *sides, size_t i);
size_t sides_calls(const struct sides *sides, size_t i);
struct obstacle sides_why_not(const struct sides *sides, const struct balancer_peer *peer, const char *key,
                              int64_t now_ms);
/* Fail open is on: no side has an instance that is healthy. */
bool sides_in_panic(const struct sides *sides);
/* The sum over both: of balancer_ejections, for example. */
uint64_t sides_sum(const struct sides *sides, uint64_t (*count_of)(const struct balancer *balancer));

#endif
