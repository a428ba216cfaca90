/* slow_start: an instance that begins to get calls has a share that grows to the full one.
 *
 * A process that has just started is slow: its caches are empty, its connections are not
 * open. With its full share at once it may fail, and be ejected again. So over
 * LB_SLOW_START its share grows as in Envoy ("Slow start mode"; min_weight_percent 10 and
 * aggression 1.0, the defaults):
 *
 *     max(10 %, elapsed / LB_SLOW_START) of the full share.
 *
 * It begins when the instance is new in the list, becomes healthy, or returns from an
 * ejection. It does not begin if no other instance gets calls: then all start alike. Nor
 * if only the registry or the route has changed: an instance that a registry had lost, or
 * that comes from the other side of a canary release, is warm.
 *
 * Envoy multiplies the weight. Here weights stay, and so no pick has to compute them
 * again: the policy gives each instance its turns as always. An instance in slow start
 * gains its part of a call at each turn, and passes the turn on until it has a whole
 * call. This works with each policy that takes turns. In consistent_hash, as in Envoy's
 * ring hash and Maglev, there is no slow start: a key must keep its instance.
 */
#ifndef BALANCE_SLOW_START_H
#define BALANCE_SLOW_START_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SLOW_START_WHOLE = 1000,     /* a whole call, or the full share */
    SLOW_START_LEAST = 100,      /* Envoy's min_weight_percent */
    SLOW_START_PASSES_MAX = 64,  /* turns that may be passed on for one pick: this bounds its time */
};

/* Zero-initialise. Of one instance. */
struct slow_start {
    bool serves;    /* healthy, and not out */
    bool was_missing; /* when the list was last looked at */
    int64_t warm_until_ms; /* if it serves again before, its process went on */
    int gained;     /* of SLOW_START_WHOLE: its part of a call, from the turns that it has passed on */
    int64_t begin_ms;
    int64_t end_ms; /* from then on it has its full share */
};

/* The instance begins to get turns. window_ms: 0: it has its full share at once. */
void slow_start_begin(struct slow_start *slow, int64_t window_ms, int64_t now_ms);
/* Its share now, in thousandths of the full one. */
int slow_start_share(const struct slow_start *slow, int64_t now_ms);
/* True: with this turn it has a whole call. */
bool slow_start_takes_turn(const struct slow_start *slow, int64_t now_ms);
/* Too many turns were passed on: it takes this turn, whatever it has. */
void slow_start_grant_turn(struct slow_start *slow, int64_t now_ms);
/* It had a turn, and passed it on. */
void slow_start_pass(struct slow_start *slow, int64_t now_ms);
/* It had a turn, and took it. */
void slow_start_take(struct slow_start *slow, int64_t now_ms);

#endif
