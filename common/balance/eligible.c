#include "balance/eligible.h"

#include <string.h>

#include "base/rand.h"

/* --- 1. The tier in use ------------------------------------------------------------------ */

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

static size_t collect(struct eligible *eligible, const struct peer_list *peers, enum tier tier)
{
    size_t count = 0;
    for (size_t i = 0; i < peers->count; i++)
        if (tier_of(peers->at[i]->instance) == tier)
            eligible->near.at[count++] = peers->at[i];
    return count;
}

static void choose_tier(struct eligible *eligible, const struct peer_list *peers)
{
    static const enum tier best_first[] = {TIER_HEALTHY, TIER_FAIL_OPEN, TIER_LAST};
    for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++) {
        eligible->tier = best_first[i];
        eligible->candidates = collect(eligible, peers, eligible->tier);
        if (eligible->candidates > 0)
            return;
    }
    eligible->tier = TIER_NEVER;
}

/* --- 2. At most half are out --------------------------------------------------------------- */

static int by_end_of_ejection(const void *left, const void *right)
{
    const struct balancer_peer *a = *(struct balancer_peer *const *)left, *b = *(struct balancer_peer *const *)right;
    return (a->outlier.back_ms > b->outlier.back_ms) - (a->outlier.back_ms < b->outlier.back_ms);
}

/* After a list has shrunk, more than half may be out. Then the ejections that would
 * end first end now. `far` is not in use yet and serves as scratch memory. */
static void readmit_over_half(struct eligible *eligible)
{
    struct balancer_peer **out = eligible->far.at;
    size_t count = 0;
    for (size_t i = 0; i < eligible->candidates; i++)
        if (outlier_is_out(&eligible->near.at[i]->outlier))
            out[count++] = eligible->near.at[i];

    if (count <= eligible->candidates / 2)
        return;
    qsort(out, count, sizeof(struct balancer_peer *), by_end_of_ejection);
    for (size_t i = 0; count - i > eligible->candidates / 2; i++)
        outlier_readmit(&out[i]->outlier);
}

static void separate_out(struct eligible *eligible)
{
    struct peer_set *near = &eligible->near, *out = &eligible->out;
    near->count = out->count = eligible->probation_count = 0;
    for (size_t i = 0; i < eligible->candidates; i++) {
        struct balancer_peer *peer = near->at[i];
        struct peer_set *set = outlier_is_out(&peer->outlier) ? out : near;
        set->at[set->count++] = peer;
        if (peer->outlier.on_probation)
            eligible->probation[eligible->probation_count++] = peer;
    }
    if (eligible->probation_next >= eligible->probation_count)
        eligible->probation_next = 0;
}

bool eligible_may_eject(const struct eligible *eligible, const struct balancer_peer *peer)
{
    size_t out = eligible->out.count + !outlier_is_out(&peer->outlier);
    return peer->listed && tier_of(peer->instance) == eligible->tier && out <= eligible->candidates / 2;
}

/* --- 3. The caller's zone ------------------------------------------------------------------ */

static bool in_zone(const struct eligible *eligible, const struct balancer_peer *peer)
{
    return strcmp(peer->instance->zone, eligible->zone) == 0;
}

/* Calls within a zone are faster and cheaper. But when a zone has lost most of its
 * instances, the few that are left must not get the load of all. */
static bool zone_has_enough(const struct eligible *eligible, const struct peer_list *peers)
{
    size_t all = 0, usable = 0;
    if (!*eligible->zone)
        return false;
    for (size_t i = 0; i < peers->count; i++)
        all += in_zone(eligible, peers->at[i]);
    for (size_t i = 0; all > 0 && i < eligible->near.count; i++)
        usable += in_zone(eligible, eligible->near.at[i]);
    return usable > 0 && usable * 2 >= all;
}

static void choose_zone(struct eligible *eligible, const struct peer_list *peers)
{
    struct peer_set *near = &eligible->near, *far = &eligible->far;
    far->count = 0;
    if (!zone_has_enough(eligible, peers))
        return;
    size_t all = near->count;
    near->count = 0;
    for (size_t i = 0; i < all; i++) {
        struct balancer_peer *peer = near->at[i];
        struct peer_set *set = in_zone(eligible, peer) ? near : far;
        set->at[set->count++] = peer;
    }
}

/* --- Update -------------------------------------------------------------------------------- */

static void find_next_return(struct eligible *eligible, const struct peer_list *peers)
{
    eligible->next_back_ms = INT64_MAX;
    for (size_t i = 0; i < peers->count; i++) {
        int64_t back_ms = peers->at[i]->outlier.back_ms;
        if (back_ms != 0 && back_ms < eligible->next_back_ms)
            eligible->next_back_ms = back_ms;
    }
}

static void number_slots(const struct peer_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        set->at[i]->slot = i;
}

void eligible_update(struct eligible *eligible, const struct peer_list *peers)
{
    choose_tier(eligible, peers);
    readmit_over_half(eligible);
    separate_out(eligible);
    choose_zone(eligible, peers);
    find_next_return(eligible, peers);
    for (size_t i = 0; i < peers->count; i++)
        peers->at[i]->slot = PEER_NO_SLOT;
    number_slots(&eligible->near);
    number_slots(&eligible->far);
    number_slots(&eligible->out);
}

bool eligible_end_ejections(const struct eligible *eligible, const struct peer_list *peers, int64_t now_ms)
{
    if (now_ms < eligible->next_back_ms)
        return false;
    for (size_t i = 0; i < peers->count; i++) {
        struct outlier *outlier = &peers->at[i]->outlier;
        if (outlier_is_ejected(outlier) && outlier->back_ms <= now_ms)
            outlier_begin_probation(outlier);
    }
    return true;
}

/* --- Create and free ----------------------------------------------------------------------- */

void eligible_init(struct eligible *eligible, const char *zone)
{
    *eligible = (struct eligible){.zone = zone, .tier = TIER_NEVER, .next_back_ms = INT64_MAX};
    eligible->near.draw = rand_u64();
    eligible->far.draw = rand_u64();
    eligible->out.draw = rand_u64();
}

int eligible_reserve(struct eligible *eligible, size_t count)
{
    if (array_reserve(eligible->near.at, count) != 0 ||
        array_reserve(eligible->far.at, count) != 0 ||
        array_reserve(eligible->out.at, count) != 0 ||
        array_reserve(eligible->probation, count) != 0)
        return -1;
    return 0;
}

void eligible_close(struct eligible *eligible)
{
    free(eligible->near.at);
    free(eligible->far.at);
    free(eligible->out.at);
    free(eligible->probation);
}
