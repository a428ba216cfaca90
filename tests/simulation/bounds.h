/* bounds: how long each promise may take to be kept, from the settings alone.
 *
 * What is added up here is what the programs say they do; where a bound is
 * broken, one of the two is wrong. All in milliseconds, from the moment at which
 * the last fault ended that stood in the way.
 *
 * A live instance is back in the registry, and passes its check:
 *     2 s        a question that was sent before, and gets no answer (CALL_MS)
 *   + 1.2 × R    the longest wait between two looks: RECONCILE_INTERVAL and its
 *                jitter of 20 %; the back-off's cap is R, which is less
 *   + J          REGISTER_JITTER, before any registration
 *   + I + T      the first check comes within CHECK_INTERVAL; one that got no
 *                answer meanwhile takes CHECK_TIMEOUT to give up, and I follows.
 *                With a TTL: the heart beats at each I, one beat may be stuck 2 s
 *   + hops       a look, its answer, a registration, its answer: see SLACK_MS
 *
 * A dead instance is known as dead by the registry:
 *     HTTP, gRPC, TCP: 2 × (I + T), for two checks in a row must fail
 *     TTL, etcd's lease: 3 × I, and R more where it came back on another port:
 *           after a try to register that failed, the heart of its new process
 *           beats for the id, whose entry has the old port until the next try
 *     none: never
 *
 * A caller knows what the registry knows, the second one's word counting from
 * DISCOVERY_CACHE_TTL after the first one fell silent:
 *     watch: the longer of
 *              W × 17/16 + 1 s + 1.2 s   a query of W = TTL / 3 sent before, and
 *                                        the first back-off
 *              2 s + R                   a query that did not wait, and the
 *                                        back-off's cap
 *            + 0.5 s                     the pace between queries
 *     poll:  the longer of 2 s + R and 1.2 × TTL / 2, + 0.5 s
 *
 * A dead one that the registry has forgotten together with more than half of all
 * stays pickable (missing) for 60 s, or until a call of it fails.
 */
#ifndef SIMULATION_BOUNDS_H
#define SIMULATION_BOUNDS_H

#include "simulation/registry.h"
#include "simulation/settings.h"

enum {
    QUESTION_MS = 2000,   /* REGISTRATION_CALL_MS in registration_state.h, watch.c PROMPT_MS */
    QUERY_GRACE_MS = 1000, /* watch.c GRACE_MS */
    FIRST_BACKOFF_MS = 1200, FIRST_BACKOFF_LEAST_MS = 800, /* 1 s ± 20 % */
    MISSING_MS = 60000,   /* the contract's; not roster.h's, which might be wrong */
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
    return QUESTION_MS + s->reconcile_ms * 12 / 10 + s->jitter_ms + s->check_interval_ms +
           longer(s->check_timeout_ms, QUESTION_MS) + SLACK_MS;
}

static inline int64_t bound_detect_ms(const struct settings *s)
{
    int64_t ttl_ms = TTL_INTERVALS * s->check_interval_ms + s->reconcile_ms;
    int64_t checks_ms = s->check == CHECK_TTL ? ttl_ms : 2 * (s->check_interval_ms + s->check_timeout_ms);
    return SLACK_MS + (s->registries > 1 ? longer(ttl_ms, checks_ms) : checks_ms);
}

static inline int64_t bound_learn_ms(const struct settings *s)
{
    int64_t retry_ms = QUESTION_MS + s->reconcile_ms;
    int64_t query_ms = s->ttl_ms / 3 * 17 / 16 + QUERY_GRACE_MS + FIRST_BACKOFF_MS;
    return PACE_BOUND_MS + SLACK_MS + longer(retry_ms, s->poll ? s->ttl_ms * 6 / 10 : query_ms);
}

/* Everything is as it should be, for everybody. */
static inline int64_t bound_calm_ms(const struct settings *s)
{
    return bound_return_ms(s) + bound_detect_ms(s) + bound_learn_ms(s) + MISSING_MS;
}

#endif
