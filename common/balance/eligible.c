#include "balance/eligible.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum tier tier_of(const struct instance *instance)
{
    if (instance->maintenance)
        return TIER_NEVER;
    if (instance->node_down)
        return TIER_LAST;
    if (instance->status == INSTANCE_CRITICAL)
        return TIER_FAIL_OPEN;
    if (instance->status == INSTANCE_WARNING && instance->warning_weight <= 0)
        return TIER_FAIL_OPEN;
    return TIER_HEALTHY;
}

static size_t collect(struct balancer *balancer, enum tier tier)
{
    size_t count = 0;
    for (size_t i = 0; i < balancer->peer_count; i++)
        if (tier_of(balancer->peers[i]->instance) == tier)
            balancer->near.at[count++] = balancer->peers[i];
    return count;
}

static void choose_tier(struct balancer *balancer)
{
    static const enum tier best_first[] = {TIER_HEALTHY, TIER_FAIL_OPEN, TIER_LAST};
    for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++) {
        balancer->tier = best_first[i];
        balancer->candidates = collect(balancer, balancer->tier);
        if (balancer->candidates > 0)
            return;
    }
    balancer->tier = TIER_NEVER;
}

/* --- Ejected ones out, but at most half ------------------------------------------------ */

static int by_return(const void *left, const void *right)
{
    const struct balancer_peer *a = *(struct balancer_peer *const *)left, *b = *(struct balancer_peer *const *)right;
    return (a->outlier.back_ms > b->outlier.back_ms) - (a->outlier.back_ms < b->outlier.back_ms);
}

/* A list that shrank may leave more than half out: those who would be back first
 * come back now. `far` is not in use yet, and serves as scratch. */
static void keep_half(struct balancer *balancer)
{
    struct balancer_peer **out = balancer->far.at;
    size_t count = 0;
    for (size_t i = 0; i < balancer->candidates; i++)
        if (outlier_is_out(&balancer->near.at[i]->outlier))
            out[count++] = balancer->near.at[i];

    if (count <= balancer->candidates / 2)
        return;
    qsort(out, count, sizeof(struct balancer_peer *), by_return);
    for (size_t i = 0; count - i > balancer->candidates / 2; i++)
        outlier_readmit(&out[i]->outlier);
}

static void take_out(struct balancer *balancer)
{
    struct peer_set *near = &balancer->near, *out = &balancer->out;
    near->count = out->count = balancer->probation_count = 0;
    for (size_t i = 0; i < balancer->candidates; i++) {
        struct balancer_peer *peer = near->at[i];
        struct peer_set *side = outlier_is_out(&peer->outlier) ? out : near;
        side->at[side->count++] = peer;
        if (peer->outlier.on_probation)
            balancer->probation[balancer->probation_count++] = peer;
    }
    if (balancer->probation_next >= balancer->probation_count)
        balancer->probation_next = 0;
}

bool balancer_may_eject(const struct balancer *balancer, const struct balancer_peer *peer)
{
    size_t out = balancer->out.count + !outlier_is_out(&peer->outlier);
    return peer->listed && tier_of(peer->instance) == balancer->tier && out <= balancer->candidates / 2;
}

static void note_next_return(struct balancer *balancer)
{
    balancer->next_back_ms = INT64_MAX;
    for (size_t i = 0; i < balancer->peer_count; i++) {
        int64_t back_ms = balancer->peers[i]->outlier.back_ms;
        if (back_ms != 0 && back_ms < balancer->next_back_ms)
            balancer->next_back_ms = back_ms;
    }
}

void balancer_settle(struct balancer *balancer, int64_t now_ms)
{
    if (now_ms < balancer->next_back_ms)
        return;
    for (size_t i = 0; i < balancer->peer_count; i++) {
        struct outlier *outlier = &balancer->peers[i]->outlier;
        if (outlier_is_ejected(outlier) && outlier->back_ms <= now_ms)
            outlier_try_again(outlier);
    }
    balancer_sort_out(balancer);
}

/* --- The caller's zone ------------------------------------------------------------------- */

static bool in_zone(const struct balancer *balancer, const struct balancer_peer *peer)
{
    return strcmp(peer->instance->zone, balancer->zone) == 0;
}

/* Near ones are quicker to reach and cheaper, but a zone that has lost most of
 * its instances must not get the load of all on the few that are left. */
static bool zone_has_enough(const struct balancer *balancer)
{
    size_t all = 0, usable = 0;
    if (!*balancer->zone)
        return false;
    for (size_t i = 0; i < balancer->peer_count; i++)
        all += in_zone(balancer, balancer->peers[i]);
    for (size_t i = 0; all > 0 && i < balancer->near.count; i++)
        usable += in_zone(balancer, balancer->near.at[i]);
    return usable > 0 && usable * 2 >= all;
}

static void choose_zone(struct balancer *balancer)
{
    struct peer_set *near = &balancer->near, *far = &balancer->far;
    far->count = 0;
    if (!zone_has_enough(balancer))
        return;
    size_t all = near->count;
    near->count = 0;
    for (size_t i = 0; i < all; i++) {
        struct balancer_peer *peer = near->at[i];
        struct peer_set *side = in_zone(balancer, peer) ? near : far;
        side->at[side->count++] = peer;
    }
}

static void number_slots(const struct peer_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        set->at[i]->slot = i;
}

static void give_slots(struct balancer *balancer)
{
    for (size_t i = 0; i < balancer->peer_count; i++)
        balancer->peers[i]->slot = PEER_NO_SLOT;
    number_slots(&balancer->near);
    number_slots(&balancer->far);
    number_slots(&balancer->out);
}

void balancer_sort_out(struct balancer *balancer)
{
    choose_tier(balancer);
    keep_half(balancer);
    take_out(balancer);
    choose_zone(balancer);
    note_next_return(balancer);
    give_slots(balancer);
    balancer->policy->ops->rebuild(balancer->policy, &balancer->near);
}

/* --- Why not? ------------------------------------------------------------------------------ */

struct balancer_obstacle balancer_why_not(const struct balancer *balancer, const struct balancer_peer *peer,
                                          int64_t now_ms)
{
    bool is_used = tier_of(peer->instance) == balancer->tier && balancer->tier != TIER_NEVER;
    if (peer_set_has(&balancer->near, peer) || (is_used && peer->outlier.on_probation && peer_is_free(peer)))
        return (struct balancer_obstacle){OBSTACLE_NONE, 0};
    if (!is_used)
        return (struct balancer_obstacle){OBSTACLE_STATE, 0};
    if (outlier_is_ejected(&peer->outlier))
        return (struct balancer_obstacle){OBSTACLE_EJECTION, peer->outlier.back_ms - now_ms};
    return (struct balancer_obstacle){peer->outlier.on_probation ? OBSTACLE_PROBATION : OBSTACLE_ZONE, 0};
}

static const char *state_text(const struct instance *instance)
{
    if (instance->maintenance)
        return "in maintenance";
    if (instance->node_down)
        return "its node is down";
    if (instance->status == INSTANCE_CRITICAL)
        return "critical";
    return "in warning, and its warning weight is 0";
}

void balancer_obstacle_text(const struct balancer *balancer, struct balancer_obstacle obstacle,
                            const struct instance *instance, char *out, size_t size)
{
    if (obstacle.kind == OBSTACLE_STATE)
        snprintf(out, size, "%s", state_text(instance));
    else if (obstacle.kind == OBSTACLE_EJECTION)
        snprintf(out, size, "ejected for another %" PRId64 " s after %d failures in a row",
                 (obstacle.left_ms + 999) / 1000, OUTLIER_FAILURES);
    else if (obstacle.kind == OBSTACLE_PROBATION)
        snprintf(out, size, "on probation after its ejection: one call at a time until one succeeds");
    else if (*instance->zone)
        snprintf(out, size, "in zone %s, and %s has enough of its own", instance->zone, balancer->zone);
    else
        snprintf(out, size, "in no zone, and %s has enough of its own", balancer->zone);
}
