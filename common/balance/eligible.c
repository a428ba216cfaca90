#include "balance/eligible.h"

#include "base/rand.h"

/* --- The tier in use ----------------------------------------------------------------- */

static enum tier tier_on_route(const struct instance *instance)
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

enum tier tier_of(const struct balancer_peer *peer)
{
    return peer->off_route ? TIER_NEVER : tier_on_route(peer->instance);
}

/* The instances of this tier and of the better ones. True: not all of them are failing. */
static bool collect_tiers(struct peer_set *set, const struct peer_list *peers, enum tier tier)
{
    bool any_works = false;
    set->count = 0;
    for (size_t i = 0; i < peers->count; i++) {
        if (tier_of(peers->by_turn[i]) > tier)
            continue;
        set->at[set->count++] = peers->by_turn[i];
        any_works |= !outlier_is_failing(&peers->by_turn[i]->outlier);
    }
    return any_works;
}

/* Puts the instances of the best tier into `near`. If all passing ones are failing, the critical ones are added:
 * a registry may go on naming dead instances as passing, while those that live are critical. */
static void choose_tier(struct eligible *eligible, const struct peer_list *peers)
{
    static const enum tier best_first[] = {TIER_HEALTHY, TIER_FAIL_OPEN, TIER_LAST};
    size_t count = 0;
    eligible->tier = eligible->best = TIER_NEVER;
    eligible->works = false;
    for (size_t i = 0; i < sizeof best_first / sizeof *best_first && !eligible->works; i++) {
        if (best_first[i] == TIER_LAST && count > 0)
            return;
        eligible->works = collect_tiers(&eligible->near, peers, best_first[i]);
        if (eligible->near.count > count)
            eligible->tier = best_first[i];
        if (count == 0)
            eligible->best = eligible->tier;
        count = eligible->near.count;
    }
}

/* --- Update -------------------------------------------------------------------------- */

static void number_slots(const struct peer_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        set->at[i]->slot = (uint32_t)i;
}

void eligible_count_zones(struct eligible *eligible, const struct peer_list *peers)
{
    zones_count(&eligible->zones, peers, eligible->far.at);
}

void eligible_update(struct eligible *eligible, const struct peer_list *peers)
{
    choose_tier(eligible, peers);
    ejections_separate(&eligible->ejections, &eligible->near, eligible->far.at);
    zones_separate(&eligible->zones, &eligible->near, &eligible->far);
    ejections_find_next_end(&eligible->ejections, peers);

    for (size_t i = 0; i < peers->count; i++)
        peers->at[i]->slot = PEER_NO_SLOT;
    number_slots(&eligible->near);
    number_slots(&eligible->far);
    number_slots(&eligible->ejections.out);
}

/* --- Slow start ---------------------------------------------------------------------- */

/* On this route or on another: an instance that comes from the other side (sides.h) is warm. */
static bool serves_now(const struct balancer_peer *peer)
{
    return tier_on_route(peer->instance) == TIER_HEALTHY && !outlier_is_out(&peer->outlier);
}

static bool any_still_serves(const struct peer_list *peers)
{
    for (size_t i = 0; i < peers->count; i++)
        if (!peers->at[i]->off_route && peers->at[i]->slow_start.serves && serves_now(peers->at[i]))
            return true;
    return false;
}

/* A registry has lost its data, and an instance that was kept as missing registers again: it is critical until its
 * first check, although its process went on. */
static bool registers_again(const struct balancer_peer *peer)
{
    return peer->slow_start.was_missing && !peer->missing && peer->instance->status == INSTANCE_CRITICAL;
}

int64_t eligible_begin_slow_starts(const struct peer_list *peers, int64_t window_ms, int64_t now_ms)
{
    int64_t last_end_ms = 0, its_window_ms = any_still_serves(peers) ? window_ms : 0;
    for (size_t i = 0; i < peers->count; i++) {
        struct slow_start *slow = &peers->at[i]->slow_start;
        bool serves = serves_now(peers->at[i]);
        if (serves && !slow->serves)
            slow_start_begin(slow, now_ms < slow->warm_until_ms ? 0 : its_window_ms, now_ms);
        else if (!serves && slow->serves)
            *slow = (struct slow_start){.warm_until_ms = registers_again(peers->at[i]) ? now_ms + window_ms : 0};
        slow->was_missing = peers->at[i]->missing;
        if (slow->end_ms > last_end_ms)
            last_end_ms = slow->end_ms;
    }
    return last_end_ms;
}

/* --- Ejection ------------------------------------------------------------------------ */

bool eligible_may_eject(const struct eligible *eligible, const struct balancer_peer *peer)
{
    return peer->listed && tier_of(peer) <= eligible->tier && ejections_allow(&eligible->ejections, peer);
}

static size_t eject_for_rate(const struct peer_set *set, const struct failure_rate *rate, size_t most, int64_t now_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count && count < most; i++) {
        struct balancer_peer *peer = set->at[i];
        if (!failure_rate_stands_out(rate, &peer->tally))
            continue;
        outlier_eject_for_rate(&peer->outlier, failure_rate_percent(&peer->tally),
                               failure_rate_others_percent(rate, &peer->tally), now_ms);
        count++;
    }
    return count;
}

size_t eligible_eject_for_rate(const struct eligible *eligible, const struct failure_rate *rate, int64_t now_ms)
{
    size_t most = ejections_room(&eligible->ejections);
    if (most == 0 || !failure_rate_has_failures(rate))
        return 0;
    size_t near = eject_for_rate(&eligible->near, rate, most, now_ms);
    return near + eject_for_rate(&eligible->far, rate, most - near, now_ms);
}

/* --- Create and free ----------------------------------------------------------------- */

void eligible_init(struct eligible *eligible, const char *caller, const char *zone)
{
    *eligible = (struct eligible){.tier = TIER_NEVER, .best = TIER_NEVER};
    zones_init(&eligible->zones, caller, zone);
    eligible->near.draw = rand_u64();
    eligible->far.draw = rand_u64();
    ejections_init(&eligible->ejections);
}

int eligible_reserve(struct eligible *eligible, size_t count)
{
    if (array_reserve(eligible->near.at, count) != 0 || array_reserve(eligible->far.at, count) != 0)
        return -1;
    return ejections_reserve(&eligible->ejections, count);
}

void eligible_close(struct eligible *eligible)
{
    free(eligible->near.at);
    free(eligible->far.at);
    ejections_close(&eligible->ejections);
}
