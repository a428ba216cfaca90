#include "balance/balancer.h"

#include <stdlib.h>
#include <string.h>

#include "balance/eligible.h"
#include "balance/policy.h"
#include "base/rand.h"

struct balancer {
    struct policy *near, *far; /* two of the same kind: each has the turns of its side */
    struct peer_list peers;
    struct eligible eligible;
    int64_t slow_start_ms, slow_starts_end_ms; /* the last of them; 0: there is none */
    struct failure_rate rate;
    uint64_t ejections, ejections_for_rate;
    char *caller, *zone;
    const struct route *route; /* may be NULL */
    enum route_side side;
};

static void update_eligible(struct balancer *balancer, int64_t now_ms)
{
    eligible_update(&balancer->eligible, &balancer->peers);
    balancer->near->ops->rebuild(balancer->near, &balancer->eligible.near);
    balancer->far->ops->rebuild(balancer->far, &balancer->eligible.far);
    if (balancer->slow_start_ms == 0)
        return;
    int64_t window_ms = balancer->near->ops->by_key ? 0 : balancer->slow_start_ms;
    balancer->slow_starts_end_ms = eligible_begin_slow_starts(&balancer->peers, window_ms, now_ms);
}

void balancer_settle(struct balancer *balancer, int64_t now_ms)
{
    if (now_ms < balancer->eligible.ejections.next_end_ms)
        return;
    ejections_end_due(&balancer->peers, now_ms);
    update_eligible(balancer, now_ms);
}

/* --- Pick ---------------------------------------------------------------------------- */

static struct balancer_peer *choose_on_probation(const struct ejections *ejections)
{
    if (ejections->probation_count == 0)
        return NULL;
    struct balancer_peer *peer = ejections->probation[ejections->probation_next];
    return peer_is_free(peer) ? peer : NULL;
}

/* Skips at most as many instances as there are calls under way. */
static struct balancer_peer *choose_last_resort(const struct peer_set *out, const struct balance_request *request)
{
    size_t first = rand_scale(out->draw, out->count);
    for (size_t i = 0; i < out->count; i++) {
        struct balancer_peer *peer = out->at[(first + i) % out->count];
        if (peer_is_free(peer) && !request_tried(request, peer))
            return peer;
    }
    return NULL;
}

static struct balancer_peer *choose_listed(const struct peer_set *set, const struct balance_request *request)
{
    size_t first = set->count ? rand_scale(set->draw, set->count) : 0;
    for (size_t i = 0; i < set->count; i++) {
        struct balancer_peer *peer = set->at[(first + i) % set->count];
        if (!peer->missing && !request_tried(request, peer))
            return peer;
    }
    return NULL;
}

static struct balancer_peer *choose_by_policy(const struct policy *policy, const struct peer_set *set,
                                              const struct balance_request *request)
{
    return peer_set_untried(set, request) > 0 ? policy->ops->choose(policy, set, request) : NULL;
}

static bool next_is_near(const struct balancer *balancer, const char *key)
{
    return zones_next_is_near(&balancer->eligible.zones, balancer->near->ops->by_key ? key : NULL);
}

static struct balancer_peer *choose_by_zone(const struct balancer *balancer, const struct balance_request *request)
{
    const struct eligible *eligible = &balancer->eligible;
    if (eligible->far.count == 0)
        return choose_by_policy(balancer->near, &eligible->near, request);
    bool is_near = next_is_near(balancer, request->key);
    struct balancer_peer *peer = is_near ? choose_by_policy(balancer->near, &eligible->near, request) : NULL;
    if (!peer)
        peer = choose_by_policy(balancer->far, &eligible->far, request);
    return peer || is_near ? peer : choose_by_policy(balancer->near, &eligible->near, request);
}

/* The sides take turns as for first attempts: so a lone near instance does not get all of these retries. */
static struct balancer_peer *choose_listed_by_zone(const struct balancer *balancer,
                                                   const struct balance_request *request)
{
    const struct eligible *eligible = &balancer->eligible;
    bool is_near = next_is_near(balancer, request->key);
    struct balancer_peer *peer = choose_listed(is_near ? &eligible->near : &eligible->far, request);
    return peer ? peer : choose_listed(is_near ? &eligible->far : &eligible->near, request);
}

/* Moves on to the next turn of the policy; and of the zones, if this is a first attempt: a
 * retry may have no choice between them, and the next calls would have to make up for it. */
static void advance(struct balancer *balancer, const struct balance_request *request,
                    const struct balancer_peer *picked)
{
    struct eligible *eligible = &balancer->eligible;
    if (peer_set_has(&eligible->near, picked)) {
        eligible->near.draw = rand_u64();
        balancer->near->ops->advance(balancer->near, &eligible->near, picked);
    } else if (peer_set_has(&eligible->far, picked)) {
        eligible->far.draw = rand_u64();
        balancer->far->ops->advance(balancer->far, &eligible->far, picked);
    } else {
        eligible->ejections.out.draw = rand_u64();
        return;
    }
    if (eligible->far.count > 0 && request->tried_count == 0)
        zones_advance(&eligible->zones, peer_set_has(&eligible->near, picked));
}

static bool any_slow_start(const struct balancer *balancer, int64_t now_ms)
{
    return now_ms < balancer->slow_starts_end_ms && !balancer->near->ops->by_key;
}

static void skip(struct balancer *balancer, const struct balancer_peer *peer)
{
    struct policy *policy = peer_set_has(&balancer->eligible.near, peer) ? balancer->near : balancer->far;
    if (policy->ops->skip)
        policy->ops->skip(policy, peer);
}

/* Passes turns on until one comes that its instance takes (slow_start.h). A retry takes each turn: it has less choice,
 * and there are few of them. */
static struct balancer_peer *choose_by_turn(struct balancer *balancer, const struct balance_request *request,
                                            int64_t now_ms)
{
    struct balancer_peer *peer = choose_by_zone(balancer, request);
    if (!any_slow_start(balancer, now_ms) || request->tried_count > 0)
        return peer;
    for (int i = 0; peer && !slow_start_takes_turn(&peer->slow_start, now_ms); i++) {
        if (i == SLOW_START_PASSES_MAX) {
            slow_start_grant_turn(&peer->slow_start, now_ms);
            return peer;
        }
        slow_start_pass(&peer->slow_start, now_ms);
        advance(balancer, request, peer);
        skip(balancer, peer);
        peer = choose_by_zone(balancer, request);
    }
    return peer;
}

/* Only a first attempt tests an instance on probation, because that call still has its retries. */
static struct balancer_peer *choose(struct balancer *balancer, const struct balance_request *request, int64_t now_ms)
{
    const struct eligible *eligible = &balancer->eligible;
    struct balancer_peer *on_probation = request->tried_count == 0 ? choose_on_probation(&eligible->ejections) : NULL;
    if (on_probation)
        return on_probation;
    struct balancer_peer *peer = request->prefer_listed ? choose_listed_by_zone(balancer, request) : NULL;
    if (!peer)
        peer = choose_by_turn(balancer, request, now_ms);
    return peer ? peer : choose_last_resort(&eligible->ejections.out, request);
}

const struct balancer_peer *balancer_peek(struct balancer *balancer, const struct balance_request *request,
                                          int64_t now_ms)
{
    balancer_settle(balancer, now_ms);
    return choose(balancer, request, now_ms);
}

static const struct balancer_peer *other_of(const struct policy *policy, const struct peer_set *set,
                                            const struct balance_request *request)
{
    return policy->ops->other ? policy->ops->other(policy, set, request) : NULL;
}

const struct balancer_peer *balancer_compared(const struct balancer *balancer, const struct balance_request *request,
                                              const struct balancer_peer *next)
{
    const struct eligible *eligible = &balancer->eligible;
    if (peer_set_has(&eligible->near, next))
        return other_of(balancer->near, &eligible->near, request);
    return peer_set_has(&eligible->far, next) ? other_of(balancer->far, &eligible->far, request) : NULL;
}

struct balancer_peer *balancer_pick(struct balancer *balancer, const struct balance_request *request, int64_t now_ms)
{
    balancer_settle(balancer, now_ms);
    struct ejections *ejections = &balancer->eligible.ejections;
    struct balancer_peer *peer = choose(balancer, request, now_ms);
    if (++ejections->probation_next >= ejections->probation_count)
        ejections->probation_next = 0;
    if (!peer)
        return NULL;
    advance(balancer, request, peer);
    if (any_slow_start(balancer, now_ms) && request->tried_count == 0)
        slow_start_take(&peer->slow_start, now_ms);
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
        size_t ejected = eligible_eject_for_rate(&balancer->eligible, rate, now_ms);
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
    if (!eligible_may_eject(&balancer->eligible, peer))
        return;
    outlier_eject(&peer->outlier, now_ms);
    balancer->ejections++;
    update_eligible(balancer, now_ms);
}

void balancer_note_overtaken(struct balancer *balancer, struct balancer_peer *peer, int64_t now_ms)
{
    if (!outlier_note_overtaken(&peer->outlier) || !eligible_may_eject(&balancer->eligible, peer))
        return;
    outlier_suspect(&peer->outlier);
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
    if (eligible_reserve(&balancer->eligible, count) != 0)
        return -1;
    return reserve_policies(balancer, balancer->near, balancer->far, count);
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
    eligible_count_zones(&balancer->eligible, &balancer->peers);
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
    balancer->slow_start_ms = config->slow_start_ms;
    balancer->near = policy_new(config->policy);
    balancer->far = policy_new(config->policy);
    if (balancer->caller && balancer->zone)
        eligible_init(&balancer->eligible, balancer->caller, balancer->zone);
    if (balancer->caller && balancer->zone && balancer->near && balancer->far)
        return balancer;
    balancer_free(balancer);
    return NULL;
}

void balancer_free(struct balancer *balancer)
{
    if (!balancer)
        return;
    peer_list_close(&balancer->peers);
    policy_free(balancer->near);
    policy_free(balancer->far);
    eligible_close(&balancer->eligible);
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
    policy_free(balancer->near);
    policy_free(balancer->far);
    balancer->near = near;
    balancer->far = far;
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
    struct obstacle obstacle = obstacle_of(&balancer->eligible, peer, next_is_near(balancer, key), now_ms);
    if (obstacle.kind == OBSTACLE_NONE && any_slow_start(balancer, now_ms) &&
        !slow_start_takes_turn(&peer->slow_start, now_ms))
        return obstacle_of_slow_start(&peer->slow_start, now_ms);
    return obstacle;
}

int balancer_best_tier(const struct balancer *balancer)
{
    return (int)balancer->eligible.best;
}

int balancer_share(const struct balancer *balancer, const struct balancer_peer *peer, int64_t now_ms)
{
    return any_slow_start(balancer, now_ms) ? slow_start_share(&peer->slow_start, now_ms) : SLOW_START_WHOLE;
}

bool balancer_in_panic(const struct balancer *balancer)
{
    return balancer->eligible.tier == TIER_FAIL_OPEN || balancer->eligible.tier == TIER_LAST;
}

uint64_t balancer_ejections(const struct balancer *balancer)
{
    return balancer->ejections;
}

uint64_t balancer_ejections_for_rate(const struct balancer *balancer)
{
    return balancer->ejections_for_rate;
}
