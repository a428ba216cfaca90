#include "balance/balancer.h"

#include <stdlib.h>
#include <string.h>

#include "balance/eligible.h"
#include "base/rand.h"

/* --- Life ---------------------------------------------------------------------------- */

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
    }
    return NULL;
}

struct balancer *balancer_new(enum balance_policy policy, const char *zone)
{
    struct balancer *balancer = calloc(1, sizeof *balancer);
    if (!balancer)
        return NULL;
    balancer->tier = TIER_NEVER;
    balancer->near.draw = rand_u64();
    balancer->far.draw = rand_u64();
    balancer->out.draw = rand_u64();
    balancer->next_back_ms = INT64_MAX;
    balancer->zone = strdup(zone);
    balancer->policy = policy_new(policy);
    if (balancer->zone && balancer->policy)
        return balancer;
    balancer_free(balancer);
    return NULL;
}

static void unlist(struct balancer_peer *peer)
{
    peer->listed = false;
    peer->slot = PEER_NO_SLOT;
    balancer_release(peer);
}

void balancer_free(struct balancer *balancer)
{
    if (!balancer)
        return;
    for (size_t i = 0; i < balancer->peer_count; i++)
        unlist(balancer->peers[i]);
    if (balancer->policy)
        balancer->policy->ops->free(balancer->policy);
    instance_list_unref(balancer->list);
    free(balancer->peers);
    free(balancer->near.at);
    free(balancer->far.at);
    free(balancer->out.at);
    free(balancer->probation);
    free(balancer->zone);
    free(balancer);
}

void balancer_release(struct balancer_peer *peer)
{
    if (--peer->holders > 0)
        return;
    instance_list_unref(peer->list);
    free(peer);
}

/* --- A new list ------------------------------------------------------------------------ */

static struct balancer_peer *peer_new(void)
{
    struct balancer_peer *peer = calloc(1, sizeof *peer);
    if (peer)
        peer->holders = 1; /* the balancer */
    return peer;
}

static void discard_new(struct balancer_peer **peers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!peers[i]->instance)
            free(peers[i]);
    free(peers);
}

/* Both are in order of id: one walk finds who stays. Those who are new are made
 * here, before anything changes, for this can fail. */
static struct balancer_peer **match_peers(const struct balancer *balancer, const struct instance_list *list)
{
    struct balancer_peer **peers = calloc(list->count + 1, sizeof(struct balancer_peer *));
    size_t old = 0;
    for (size_t i = 0; peers && i < list->count; i++) {
        int order = 1;
        while (old < balancer->peer_count &&
               (order = strcmp(balancer->peers[old]->instance->id, list->at[i].id)) < 0)
            old++;
        bool stays = old < balancer->peer_count && order == 0;
        peers[i] = stays ? balancer->peers[old++] : peer_new();
        if (!peers[i]) {
            discard_new(peers, i);
            return NULL;
        }
    }
    return peers;
}

static int reserve(struct balancer *balancer, size_t count)
{
    if (array_reserve(balancer->near.at, count) != 0 ||
        array_reserve(balancer->far.at, count) != 0 ||
        array_reserve(balancer->out.at, count) != 0 ||
        array_reserve(balancer->probation, count) != 0)
        return -1;
    return balancer->policy->ops->reserve(balancer->policy, count);
}

/* The same id at another address is another process: what the old one did is not its fault. */
static bool has_moved(const struct instance *before, const struct instance *now)
{
    return before->port != now->port || strcmp(before->address, now->address) != 0;
}

static void peer_set_instance(struct balancer_peer *peer, struct instance_list *list, size_t i, bool missing)
{
    const struct instance *before = peer->instance, *now = &list->at[i];
    if (before && before->status == INSTANCE_CRITICAL && now->status == INSTANCE_PASSING)
        outlier_readmit(&peer->outlier); /* its own check has seen it well again */
    if (before && has_moved(before, now))
        peer->outlier = (struct outlier){0};
    instance_list_ref(list);
    instance_list_unref(peer->list);
    peer->list = list;
    peer->instance = now;
    peer->missing = missing;
    peer->listed = true;
}

int balancer_update(struct balancer *balancer, struct instance_list *list, const bool *missing)
{
    size_t count = list->count, old_count = balancer->peer_count;
    struct balancer_peer **peers = NULL;
    if (reserve(balancer, count > old_count ? count : old_count) != 0 || !(peers = match_peers(balancer, list)))
        return -1;

    struct balancer_peer **old_peers = balancer->peers;
    struct instance_list *old_list = balancer->list;
    for (size_t i = 0; i < old_count; i++)
        old_peers[i]->listed = false;
    for (size_t i = 0; i < count; i++)
        peer_set_instance(peers[i], list, i, missing && missing[i]);
    balancer->peers = peers;
    balancer->peer_count = count;
    balancer->list = instance_list_ref(list);
    balancer_sort_out(balancer);

    /* Only now: the policy has carried over what it remembers of those who left. */
    for (size_t i = 0; i < old_count; i++)
        if (!old_peers[i]->listed)
            unlist(old_peers[i]);
    instance_list_unref(old_list);
    free(old_peers);
    return 0;
}

static struct balancer_peer *find(const struct balancer *balancer, const char *id)
{
    size_t at = peer_set_from(balancer->peers, balancer->peer_count, id);
    bool is_there = at < balancer->peer_count && strcmp(balancer->peers[at]->instance->id, id) == 0;
    return is_there ? balancer->peers[at] : NULL;
}

struct balancer_peer *balancer_follow(struct balancer *balancer, struct balancer_peer *peer)
{
    struct balancer_peer *returned = peer->listed ? NULL : find(balancer, peer->instance->id);
    if (!returned)
        return peer;
    returned->holders++;
    balancer_release(peer);
    return returned;
}

/* --- Picking ----------------------------------------------------------------------------- */

/* The one on probation whose turn it is, if it is free. */
static struct balancer_peer *choose_on_probation(const struct balancer *balancer)
{
    if (balancer->probation_count == 0)
        return NULL;
    struct balancer_peer *peer = balancer->probation[balancer->probation_next];
    return peer_is_free(peer) ? peer : NULL;
}

/* Looks at no more of them than there are calls under way. */
static struct balancer_peer *choose_last_resort(const struct balancer *balancer, const struct balance_request *request)
{
    const struct peer_set *out = &balancer->out;
    size_t first = rand_scale(out->draw, out->count);
    for (size_t i = 0; i < out->count; i++) {
        struct balancer_peer *peer = out->at[(first + i) % out->count];
        if (peer_is_free(peer) && !request_tried(request, peer))
            return peer;
    }
    return NULL;
}

/* Those who are out come first for a call that has its retries still before it,
 * if they are on probation; and last for one that has failed at all others. */
static struct balancer_peer *choose(const struct balancer *balancer, const struct balance_request *request)
{
    struct balancer_peer *on_probation = request->tried_count == 0 ? choose_on_probation(balancer) : NULL;
    if (on_probation)
        return on_probation;
    if (peer_set_untried(&balancer->near, request) > 0)
        return balancer->policy->ops->choose(balancer->policy, &balancer->near, request);
    if (peer_set_untried(&balancer->far, request) > 0)
        return peer_set_draw(&balancer->far, request);
    return choose_last_resort(balancer, request);
}

static struct peer_set *set_of(struct balancer *balancer, const struct balancer_peer *peer)
{
    if (peer_set_has(&balancer->near, peer))
        return &balancer->near;
    return peer_set_has(&balancer->far, peer) ? &balancer->far : &balancer->out;
}

const struct balancer_peer *balancer_peek(struct balancer *balancer, const struct balance_request *request,
                                          int64_t now_ms)
{
    balancer_settle(balancer, now_ms);
    return choose(balancer, request);
}

struct balancer_peer *balancer_pick(struct balancer *balancer, const struct balance_request *request, int64_t now_ms)
{
    balancer_settle(balancer, now_ms);
    struct balancer_peer *peer = choose(balancer, request);
    if (++balancer->probation_next >= balancer->probation_count)
        balancer->probation_next = 0;
    if (!peer)
        return NULL;
    if (peer_set_has(&balancer->near, peer))
        balancer->policy->ops->advance(balancer->policy, &balancer->near, peer);
    set_of(balancer, peer)->draw = rand_u64();
    outlier_ask(&peer->outlier);
    peer->picks++;
    peer->holders++;
    return peer;
}

void balancer_report(struct balancer *balancer, struct balancer_peer *peer, bool success, int64_t now_ms)
{
    if (success) {
        bool was_out = outlier_is_out(&peer->outlier);
        outlier_succeed(&peer->outlier);
        if (was_out && !outlier_is_out(&peer->outlier))
            balancer_sort_out(balancer);
        return;
    }
    if (!outlier_fail(&peer->outlier) || !balancer_may_eject(balancer, peer))
        return;
    outlier_eject(&peer->outlier, now_ms);
    balancer->ejections++;
    balancer_sort_out(balancer);
}

/* --- What it knows -------------------------------------------------------------------------- */

size_t balancer_count(const struct balancer *balancer)
{
    return balancer->peer_count;
}

const struct balancer_peer *balancer_at(const struct balancer *balancer, size_t i)
{
    return balancer->peers[i];
}

bool balancer_in_panic(const struct balancer *balancer)
{
    return balancer->tier == TIER_FAIL_OPEN || balancer->tier == TIER_LAST;
}

uint64_t balancer_ejections(const struct balancer *balancer)
{
    return balancer->ejections;
}
