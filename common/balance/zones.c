#include "balance/zones.h"

#include <string.h>

#include "base/hash.h"
#include "base/rand.h"

void zones_init(struct zones *zones, const char *caller, const char *zone)
{
    uint64_t middle = (uint64_t)1 << 63;
    *zones = (struct zones){.caller = zone, .begin = *caller ? hash_bytes(caller, strlen(caller)) : middle};
}

/* --- The zones of a list ------------------------------------------------------------- */

static int by_zone(const void *left, const void *right)
{
    const struct balancer_peer *a = *(struct balancer_peer *const *)left, *b = *(struct balancer_peer *const *)right;
    return strcmp(a->instance->zone, b->instance->zone);
}

/* An instance without a zone names none. */
void zones_count(struct zones *zones, const struct peer_list *peers, struct balancer_peer **scratch)
{
    zones->count = 0;
    if (!*zones->caller || peers->count == 0)
        return;
    memcpy(scratch, peers->at, peers->count * sizeof *scratch);
    qsort(scratch, peers->count, sizeof *scratch, by_zone);
    for (size_t i = 0; i < peers->count; i++)
        if (*scratch[i]->instance->zone && (i == 0 || by_zone(&scratch[i - 1], &scratch[i]) != 0))
            zones->count++;
}

/* --- Near and far -------------------------------------------------------------------- */

static bool is_near(const struct zones *zones, const struct balancer_peer *peer)
{
    return strcmp(peer->instance->zone, zones->caller) == 0;
}

static void add_weights(struct zones *zones, const struct peer_set *set)
{
    zones->near_weight = zones->weight = 0;
    for (size_t i = 0; i < set->count; i++) {
        int weight = peer_weight(set->at[i]);
        zones->weight += weight;
        zones->near_weight += is_near(zones, set->at[i]) ? weight : 0;
    }
}

/* The turns keep near_current between -weight / 2 and weight / 2: they may begin anywhere there. */
static int64_t first_turn(const struct zones *zones)
{
    return (int64_t)rand_scale(zones->begin, (uint64_t)zones->weight) - zones->weight / 2;
}

/* Scales the turns to the new total, so that a new list does not begin them again. */
static void set_gains(struct zones *zones)
{
    int64_t former = zones->near_gain + zones->far_gain, share = zones->near_weight * (int64_t)zones->count;
    bool all_near = zones->near_weight == 0 || share >= zones->weight;
    zones->near_gain = all_near ? zones->weight : share;
    zones->far_gain = zones->weight - zones->near_gain;
    zones->near_current = former > 0 ? zones->near_current * zones->weight / former : first_turn(zones);
}

void zones_separate(struct zones *zones, struct peer_set *near, struct peer_set *far)
{
    far->count = 0;
    if (!*zones->caller)
        return;
    add_weights(zones, near);
    set_gains(zones);
    size_t all = near->count;
    near->count = zones->near_weight > 0 ? 0 : all;
    for (size_t i = near->count; i < all; i++) {
        struct balancer_peer *peer = near->at[i];
        struct peer_set *set = is_near(zones, peer) ? near : far;
        set->at[set->count++] = peer;
    }
}

/* --- Turns --------------------------------------------------------------------------- */

/* Of equal sides the caller's own is next. */
bool zones_next_is_near(const struct zones *zones, const char *key)
{
    if (zones->far_gain == 0)
        return true;
    if (!key)
        return zones->near_current + zones->near_gain >= zones->far_gain - zones->near_current;
    uint64_t place = hash_mix(hash_bytes(key, strlen(key)) + 1); /* not the key's place on the ring */
    return rand_scale(place, (uint64_t)zones->weight) < (uint64_t)zones->near_gain;
}

void zones_advance(struct zones *zones, bool near)
{
    if (zones->far_gain > 0)
        zones->near_current += zones->near_gain - (near ? zones->weight : 0);
}
