#include "balance/chooser.h"

#include "base/rand.h"

void chooser_update(struct chooser *chooser, const struct peer_list *peers, int64_t now_ms)
{
    eligible_update(&chooser->eligible, peers);
    chooser->near->ops->rebuild(chooser->near, &chooser->eligible.near);
    chooser->far->ops->rebuild(chooser->far, &chooser->eligible.far);
    if (chooser->slow_start_ms == 0)
        return;
    int64_t window_ms = chooser->near->ops->by_key ? 0 : chooser->slow_start_ms;
    chooser->slow_starts_end_ms = eligible_begin_slow_starts(peers, window_ms, now_ms);
}

/* --- Choose -------------------------------------------------------------------------- */

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

bool chooser_next_is_near(const struct chooser *chooser, const char *key)
{
    return zones_next_is_near(&chooser->eligible.zones, chooser->near->ops->by_key ? key : NULL);
}

static struct balancer_peer *choose_by_zone(const struct chooser *chooser, const struct balance_request *request)
{
    const struct eligible *eligible = &chooser->eligible;
    if (eligible->far.count == 0)
        return choose_by_policy(chooser->near, &eligible->near, request);
    bool is_near = chooser_next_is_near(chooser, request->key);
    struct balancer_peer *peer = is_near ? choose_by_policy(chooser->near, &eligible->near, request) : NULL;
    if (!peer)
        peer = choose_by_policy(chooser->far, &eligible->far, request);
    return peer || is_near ? peer : choose_by_policy(chooser->near, &eligible->near, request);
}

/* The sides take turns as for first attempts: so a lone near instance does not get all of these retries. */
static struct balancer_peer *choose_listed_by_zone(const struct chooser *chooser,
                                                   const struct balance_request *request)
{
    const struct eligible *eligible = &chooser->eligible;
    bool is_near = chooser_next_is_near(chooser, request->key);
    struct balancer_peer *peer = choose_listed(is_near ? &eligible->near : &eligible->far, request);
    return peer ? peer : choose_listed(is_near ? &eligible->far : &eligible->near, request);
}

/* Moves on to the next turn of the policy; and of the zones, if this is a first attempt: a
 * retry may have no choice between them, and the next calls would have to make up for it. */
static void take_turn(struct chooser *chooser, const struct balance_request *request,
                      const struct balancer_peer *picked)
{
    struct eligible *eligible = &chooser->eligible;
    if (peer_set_has(&eligible->near, picked)) {
        eligible->near.draw = rand_u64();
        chooser->near->ops->advance(chooser->near, &eligible->near, request, picked);
    } else if (peer_set_has(&eligible->far, picked)) {
        eligible->far.draw = rand_u64();
        chooser->far->ops->advance(chooser->far, &eligible->far, request, picked);
    } else {
        eligible->ejections.out.draw = rand_u64();
        return;
    }
    if (eligible->far.count > 0 && request->tried_count == 0)
        zones_advance(&eligible->zones, peer_set_has(&eligible->near, picked));
}

bool chooser_any_slow_start(const struct chooser *chooser, int64_t now_ms)
{
    return now_ms < chooser->slow_starts_end_ms && !chooser->near->ops->by_key;
}

static void skip(struct chooser *chooser, const struct balancer_peer *peer)
{
    struct policy *policy = peer_set_has(&chooser->eligible.near, peer) ? chooser->near : chooser->far;
    if (policy->ops->skip)
        policy->ops->skip(policy, peer);
}

/* Passes turns on until one comes that its instance takes (slow_start.h). A retry takes each turn: it has less choice,
 * and there are few of them. */
static struct balancer_peer *choose_by_turn(struct chooser *chooser, const struct balance_request *request,
                                            int64_t now_ms)
{
    struct balancer_peer *peer = choose_by_zone(chooser, request);
    if (!chooser_any_slow_start(chooser, now_ms) || request->tried_count > 0)
        return peer;
    for (int i = 0; peer && !slow_start_takes_turn(&peer->slow_start, now_ms); i++) {
        if (i == SLOW_START_PASSES_MAX) {
            slow_start_grant_turn(&peer->slow_start, now_ms);
            return peer;
        }
        slow_start_pass(&peer->slow_start, now_ms);
        take_turn(chooser, request, peer);
        skip(chooser, peer);
        peer = choose_by_zone(chooser, request);
    }
    return peer;
}

/* Only a first attempt tests an instance on probation, because that call still has its retries. */
struct balancer_peer *chooser_choose(struct chooser *chooser, const struct balance_request *request, int64_t now_ms)
{
    const struct eligible *eligible = &chooser->eligible;
    struct balancer_peer *on_probation = request->tried_count == 0 ? choose_on_probation(&eligible->ejections) : NULL;
    if (on_probation)
        return on_probation;
    struct balancer_peer *peer = request->prefer_listed ? choose_listed_by_zone(chooser, request) : NULL;
    if (!peer)
        peer = choose_by_turn(chooser, request, now_ms);
    return peer ? peer : choose_last_resort(&eligible->ejections.out, request);
}

static const struct balancer_peer *other_of(const struct policy *policy, const struct peer_set *set,
                                            const struct balance_request *request)
{
    return policy->ops->other ? policy->ops->other(policy, set, request) : NULL;
}

const struct balancer_peer *chooser_compared(const struct chooser *chooser, const struct balance_request *request,
                                             const struct balancer_peer *next)
{
    const struct eligible *eligible = &chooser->eligible;
    if (peer_set_has(&eligible->near, next))
        return other_of(chooser->near, &eligible->near, request);
    return peer_set_has(&eligible->far, next) ? other_of(chooser->far, &eligible->far, request) : NULL;
}

void chooser_advance(struct chooser *chooser, const struct balance_request *request, struct balancer_peer *picked,
                     int64_t now_ms)
{
    struct ejections *ejections = &chooser->eligible.ejections;
    if (++ejections->probation_next >= ejections->probation_count)
        ejections->probation_next = 0;
    if (!picked)
        return;
    take_turn(chooser, request, picked);
    if (chooser_any_slow_start(chooser, now_ms) && request->tried_count == 0)
        slow_start_take(&picked->slow_start, now_ms);
}
