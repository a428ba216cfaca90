#include "balance/balancer.h"

#include <stdlib.h>
#include <string.h>

#include "balance/chooser.h"

struct balancer {
    struct peer_list peers;
    struct chooser chooser;
    struct failure_rate rate;
    uint64_t ejections, ejections_for_rate;
    char *caller, *zone;
    const struct route *route; /* may be NULL */
    enum route_side side;
};

static void update_eligible(struct balancer *balancer, int64_t now_ms)
{
    chooser_update(&balancer->chooser, &balancer->peers, now_ms);
}

void balancer_settle(struct balancer *balancer, int64_t now_ms)
{
    if (now_ms < balancer->chooser.eligible.ejections.next_end_ms)
        return;
    ejections_end_due(&balancer->peers, now_ms);
    update_eligible(balancer, now_ms);
}

/* --- Pick ---------------------------------------------------------------------------- */

const struct balancer_peer *balancer_peek(struct balancer *balancer, const struct balance_request *request,
                                          int64_t now_ms)
{
    balancer_settle(balancer, now_ms);
    return chooser_choose(&balancer->chooser, request, now_ms);
}

const struct balancer_peer *balancer_compared(const struct balancer *balancer, const struct balance_request *request,
                                              const struct balancer_peer *next)
{
    return chooser_compared(&balancer->chooser, request, next);
}

struct balancer_peer *balancer_pick(struct balancer *balancer, const struct balance_request *request, int64_t now_ms)
{
    balancer_settle(balancer, now_ms);
    struct balancer_peer *peer = chooser_choose(&balancer->chooser, request, now_ms);
    chooser_advance(&balancer->chooser, request, peer, now_ms);
    if (!peer)
        return NULL;
    outlier_begin_call(&peer->outlier);
    peer->picks++;
    peer->holders++;
    return peer;
}

/* --- Report -------------------------------------------------------------------------- */

/* Calls to an instance that is out began before its ejection, or are single ones that test it. */
static void count_for_rate(struct balancer *balancer, struct balancer_peer *peer, bool success, int64_t now_ms)
{
    struct failure_rate *rate = &balancer->rate;
    if (failure_rate_is_over(rate, now_ms)) {
        bool recent = failure_rate_is_recent(rate, now_ms);
        size_t ejected = recent ? eligible_eject_for_rate(&balancer->chooser.eligible, rate, now_ms) : 0;
        balancer->ejections += ejected;
        balancer->ejections_for_rate += ejected;
        if (ejected > 0)
            update_eligible(balancer, now_ms);
        failure_rate_begin(rate, now_ms);
    }
    if (!outlier_is_out(&peer->outlier))
        failure_rate_count(rate, &peer->tally, success);
}

void balancer_report(struct balancer *balancer, struct balancer_peer *peer, bool success, int64_t now_ms)
{
    count_for_rate(balancer, peer, success, now_ms);
    bool was_failing = outlier_is_failing(&peer->outlier);
    if (success) {
        outlier_succeed(&peer->outlier);
        if (was_failing && !outlier_is_failing(&peer->outlier))
            update_eligible(balancer, now_ms);
        return;
    }
    if (!outlier_fail(&peer->outlier))
        return;
    if (!was_failing)
        update_eligible(balancer, now_ms); /* if it was the last one that worked, the next tier is now in use, too */
    if (!eligible_may_eject(&balancer->chooser.eligible, peer))
        return;
    outlier_eject(&peer->outlier, now_ms);
    balancer->ejections++;
    update_eligible(balancer, now_ms);
}

void balancer_note_overtaken(struct balancer *balancer, struct balancer_peer *peer, int64_t now_ms)
{
    if (!outlier_note_overtaken(&peer->outlier) || !eligible_may_eject(&balancer->chooser.eligible, peer))
        return;
    outlier_suspect(&peer->outlier, now_ms);
    update_eligible(balancer, now_ms);
}

void balancer_release(struct balancer_peer *peer)
{
    peer_release(peer);
}

/* --- Take over a new list ------------------------------------------------------------ */

static int reserve_policies(const struct balancer *balancer, struct policy *near, struct policy *far, size_t count)
{
    if (near->ops->reserve(near, count) != 0)
        return -1;
    return far->ops->reserve(far, *balancer->zone ? count : 0);
}

static int reserve(struct balancer *balancer, size_t count)
{
    if (eligible_reserve(&balancer->chooser.eligible, count) != 0)
        return -1;
    return reserve_policies(balancer, balancer->chooser.near, balancer->chooser.far, count);
}

static bool is_on_route(const struct balancer *balancer, const struct instance *instance)
{
    const struct route *route = balancer->route;
    return !route || (route_admits(route, instance) && route_side_of(route, instance) == balancer->side);
}

void balancer_reroute(struct balancer *balancer, int64_t now_ms)
{
    for (size_t i = 0; i < balancer->peers.count; i++) {
        struct balancer_peer *peer = balancer->peers.at[i];
        peer->side = balancer->side;
        peer->off_route = !is_on_route(balancer, peer->instance);
    }
    update_eligible(balancer, now_ms);
}

int balancer_update(struct balancer *balancer, struct instance_list *list, const bool *missing, int64_t now_ms)
{
    struct peer_list former;
    size_t count = list->count > balancer->peers.count ? list->count : balancer->peers.count;
    if (reserve(balancer, count) != 0 || peer_list_replace(&balancer->peers, list, balancer->caller, missing, &former) != 0)
        return -1;
    eligible_count_zones(&balancer->chooser.eligible, &balancer->peers);
    balancer_reroute(balancer, now_ms);
    peer_list_close_former(&former); /* only now: the policy has carried over its state */
    return 0;
}

struct balancer_peer *balancer_follow(struct balancer *balancer, struct balancer_peer *peer)
{
    struct balancer_peer *returned = peer->listed ? NULL : peer_list_find(&balancer->peers, peer->instance);
    if (!returned)
        return peer;
    returned->holders++;
    peer_release(peer);
    return returned;
}

/* --- Create and free ----------------------------------------------------------------- */

static struct policy *policy_new(enum balance_policy which)
{
    switch (which) {
    case BALANCE_RANDOM:
        return policy_random_new();
    case BALANCE_ROUND_ROBIN:
        return policy_round_robin_new();
    case BALANCE_WEIGHTED:
        return policy_weighted_new();
    case BALANCE_CONSISTENT_HASH:
        return policy_consistent_hash_new();
    case BALANCE_LEAST_REQUEST:
        return policy_least_request_new();
    }
    return NULL;
}

static void policy_free(struct policy *policy)
{
    if (policy)
        policy->ops->free(policy);
}

struct balancer *balancer_new(const struct balancer_config *config)
{
    struct balancer *balancer = calloc(1, sizeof *balancer);
    if (!balancer)
        return NULL;
    balancer->caller = strdup(config->caller);
    balancer->zone = strdup(config->zone);
    balancer->route = config->route;
    balancer->side = config->side;
    balancer->chooser.slow_start_ms = config->slow_start_ms;
    balancer->chooser.near = policy_new(config->policy);
    balancer->chooser.far = policy_new(config->policy);
    if (balancer->caller && balancer->zone)
        eligible_init(&balancer->chooser.eligible, balancer->caller, balancer->zone);
    if (balancer->caller && balancer->zone && balancer->chooser.near && balancer->chooser.far)
        return balancer;
    balancer_free(balancer);
    return NULL;
}

void balancer_free(struct balancer *balancer)
{
    if (!balancer)
        return;
    peer_list_close(&balancer->peers);
    policy_free(balancer->chooser.near);
    policy_free(balancer->chooser.far);
    eligible_close(&balancer->chooser.eligible);
    free(balancer->caller);
    free(balancer->zone);
    free(balancer);
}

int balancer_set_policy(struct balancer *balancer, enum balance_policy policy, int64_t now_ms)
{
    struct policy *near = policy_new(policy), *far = policy_new(policy);
    if (!near || !far || reserve_policies(balancer, near, far, balancer->peers.count) != 0) {
        policy_free(near);
        policy_free(far);
        return -1;
    }
    policy_free(balancer->chooser.near);
    policy_free(balancer->chooser.far);
    balancer->chooser.near = near;
    balancer->chooser.far = far;
    update_eligible(balancer, now_ms);
    return 0;
}

/* --- Read ---------------------------------------------------------------------------- */

size_t balancer_count(const struct balancer *balancer)
{
    return balancer->peers.count;
}

const struct balancer_peer *balancer_at(const struct balancer *balancer, size_t i)
{
    return balancer->peers.at[i];
}

struct obstacle balancer_why_not(const struct balancer *balancer, const struct balancer_peer *peer, const char *key,
                                 int64_t now_ms)
{
    const struct chooser *chooser = &balancer->chooser;
    struct obstacle obstacle = obstacle_of(&chooser->eligible, peer, chooser_next_is_near(chooser, key), now_ms);
    if (obstacle.kind == OBSTACLE_NONE && chooser_any_slow_start(chooser, now_ms) &&
        !slow_start_takes_turn(&peer->slow_start, now_ms))
        return obstacle_of_slow_start(&peer->slow_start, now_ms);
    return obstacle;
}

int balancer_best_tier(const struct balancer *balancer)
{
    return (int)balancer->chooser.eligible.best;
}

int balancer_share(const struct balancer *balancer, const struct balancer_peer *peer, int64_t now_ms)
{
    bool any = chooser_any_slow_start(&balancer->chooser, now_ms);
    return any ? slow_start_share(&peer->slow_start, now_ms) : SLOW_START_WHOLE;
}

bool balancer_works(const struct balancer *balancer)
{
    return balancer->chooser.eligible.works;
}

bool balancer_in_panic(const struct balancer *balancer)
{
    return balancer->chooser.eligible.tier == TIER_FAIL_OPEN || balancer->chooser.eligible.tier == TIER_LAST;
}

uint64_t balancer_ejections(const struct balancer *balancer)
{
    return balancer->ejections;
}

uint64_t balancer_ejections_for_rate(const struct balancer *balancer)
{
    return balancer->ejections_for_rate;
}
