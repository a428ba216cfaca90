/* bounds: how long after a fault a promise may stay broken, computed from the settings.
 *
 * Each bound adds up what the programs promise to do. If a bound is broken, either the
 * programs or the sum is wrong. All times are in milliseconds, from the end of the last
 * fault that was in the way.
 *
 * A live instance is in the registry again, and passes its check:
 *     2 s        a query that was sent before the end of the fault, and times out (CALL_MS)
 *   + 1.2 × R    the longest time between two reconciliations: RECONCILE_INTERVAL and its
 *                jitter of 20 %; the backoff is capped at R, which is less
 *   + J          REGISTER_JITTER, before any registration
 *   + I + T      the first check comes within CHECK_INTERVAL; a check under way takes
 *                CHECK_TIMEOUT to time out, and the next one follows after I.
 *                With a TTL: a heartbeat each I; one of them may hang for 2 s
 *   + hops       a query, its reply, a registration, its reply: see SLACK_MS
 *
 * The registry detects that an instance is dead:
 *     HTTP, gRPC, TCP: 2 × (I + T), because two checks in a row must fail
 *     TTL, a lease: 3 × I (for Eureka 60 s more, until it next removes instances), and R more if the instance restarted on another port:
 *           after a failed registration, the heartbeats of the new process renew the id,
 *           whose entry keeps the old port until the next registration
 *     none: never
 *
 * A caller learns what the registry knows (Eureka's list is 30 s old). The second registry counts from
 * DISCOVERY_CACHE_TTL after the first one's last reply:
 *     watch: the longer one of
 *              W × 17/16 + 1 s + 1.2 s   a query of W = TTL / 3 that was sent before, and
 *                                        the first backoff
 *              2 s + R                   a query that did not wait, and the longest
 *                                        backoff
 *            + 0.5 s                     the pace between queries
 *     poll:  the longer one of 2 s + R and 1.2 × TTL / 2, + 0.5 s
 *
 * A dead instance that the registry lost together with more than half of all instances
 * can be called (missing) for 60 s, or until a call to it fails.
 */
#ifndef SIMULATION_BOUNDS_H
#define SIMULATION_BOUNDS_H

#include "simulation/settings.h"

enum {
    QUERY_TIMEOUT_MS = 2000, /* REGISTRATION_CALL_MS in registration_state.h, PROMPT_MS in watch.c */
    QUERY_GRACE_MS = 1000,   /* GRACE_MS in watch.c */
    FIRST_BACKOFF_MS = 1200, FIRST_BACKOFF_LEAST_MS = 800, /* 1 s ± 20 % */
    MISSING_MS = 60000,      /* by docs/reference.md: the number in merged_list.h is under test */
    PACE_BOUND_MS = 500,
    PACE_BURST = 2,
    SLACK_MS = 20 * HOP_MS + 2 * CHECKER_TICK_MS,
};

static inline int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline int64_t bound_return_ms(const struct settings *s)
{
    return QUERY_TIMEOUT_MS + s->reconcile_ms * 12 / 10 + s->jitter_ms + s->check_interval_ms +
           longer(s->check_timeout_ms, QUERY_TIMEOUT_MS) + SLACK_MS;
}

static inline int64_t bound_detect_ms(const struct settings *s)
{
    int64_t ttl_ms = TTL_INTERVALS * s->check_interval_ms + s->reconcile_ms;
    int64_t longest_ms = 0;
    for (int i = 0; i < s->registries; i++) {
        bool makes_checks = s->kinds[i]->makes_checks && s->check != CHECK_TTL;
        int64_t checks_ms = 2 * (s->check_interval_ms + s->check_timeout_ms);
        longest_ms = longer(longest_ms, makes_checks ? checks_ms : ttl_ms + s->kinds[i]->evicts_each_ms);
    }
    return SLACK_MS + longest_ms;
}

static inline int64_t bound_learn_ms(const struct settings *s)
{
    int64_t retry_ms = QUERY_TIMEOUT_MS + s->reconcile_ms;
    int64_t query_ms = s->ttl_ms / 3 * 17 / 16 + QUERY_GRACE_MS + FIRST_BACKOFF_MS;
    int64_t longest_ms = 0, cache_ms = 0;
    for (int i = 0; i < s->registries; i++) {
        bool polls = s->poll || s->kinds[i]->polls;
        longest_ms = longer(longest_ms, polls ? s->ttl_ms * 6 / 10 : query_ms);
        cache_ms = longer(cache_ms, s->kinds[i]->cache_ms);
    }
    return PACE_BOUND_MS + SLACK_MS + cache_ms + longer(retry_ms, longest_ms);
}

/* All effects of a fault are over. */
static inline int64_t bound_calm_ms(const struct settings *s)
{
    return bound_return_ms(s) + bound_detect_ms(s) + bound_learn_ms(s) + MISSING_MS;
}

#endif
