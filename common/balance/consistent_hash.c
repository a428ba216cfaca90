/* consistent_hash: the same key goes to the same instance. When an instance joins or
 * leaves, only its own keys move.
 *
 * A ring (Karger et al., 1997) with several probes (Appleton and O'Reilly,
 * "Multi-probe consistent hashing", 2015). Each instance has 8 points on the ring. A key
 * is hashed to 21 places. From each place the search goes to the next point, and the
 * nearest of these 21 points decides. More probes even out the shares as more points
 * would: the shares stay within about 15 %. For that a plain ring needs 160 points for each
 * instance. So our ring is small. Rebuilding it for ten thousand instances takes a
 * millisecond or two, so no old ring has to serve calls meanwhile. Removing an instance
 * moves exactly the keys that it had. (Maglev's table moves up to seven times as many.)
 */
#include <stdlib.h>
#include <string.h>

#include "balance/policy.h"
#include "base/hash.h"

enum {
    POINTS = 8,    /* for each instance */
    PROBES = 21,   /* for each key; the paper's number for a largest share of 1.05 of the mean */
    BITS_MIN = 3,  /* of the index: see struct ring */
    BITS_MAX = 24,
};

struct point {
    uint32_t at; /* on a ring of 2^32 */
    uint32_t slot;
};

struct ring {
    struct policy policy;
    struct point *points; /* ascending */
    uint32_t *index;      /* [top `bits` of a place]: the first point at or after it; 2^bits + 1 entries */
    size_t count;
    unsigned bits;
};

static unsigned bits_for(size_t points)
{
    unsigned bits = BITS_MIN;
    while (bits < BITS_MAX && ((size_t)1 << bits) < points)
        bits++;
    return bits;
}

static int ring_reserve(struct policy *policy, size_t count)
{
    struct ring *ring = (struct ring *)policy;
    size_t points = count * POINTS;
    if (array_reserve(ring->points, points) != 0 ||
        array_reserve(ring->index, ((size_t)1 << bits_for(points)) + 1) != 0)
        return -1;
    return 0;
}

/* --- Build: a bucket sort, because the points are spread evenly ---------------------- */

static uint32_t bucket_of(const struct ring *ring, uint32_t at)
{
    return at >> (32 - ring->bits);
}

static uint32_t point_place(uint64_t id_hash, unsigned point)
{
    return (uint32_t)(hash_mix(id_hash + point) >> 32);
}

/* Of instances with one id the first has the points of the id, as if it were alone. The others have points of
 * their own. */
static uint64_t peer_hash(const struct peer_set *set, size_t i)
{
    const struct instance *instance = set->at[i]->instance;
    uint64_t hash = hash_bytes(instance->id, strlen(instance->id));
    bool is_twin = i > 0 && strcmp(set->at[i - 1]->instance->id, instance->id) == 0;
    return is_twin ? hash_mix(hash ^ hash_bytes(instance->node, strlen(instance->node))) : hash;
}

static void count_buckets(struct ring *ring, const struct peer_set *set)
{
    size_t buckets = (size_t)1 << ring->bits;
    memset(ring->index, 0, (buckets + 1) * sizeof *ring->index);
    for (size_t i = 0; i < set->count; i++) {
        uint64_t hash = peer_hash(set, i);
        for (unsigned point = 0; point < POINTS; point++)
            ring->index[bucket_of(ring, point_place(hash, point)) + 1]++;
    }
    for (size_t i = 1; i <= buckets; i++)
        ring->index[i] += ring->index[i - 1];
}

/* Fills each bucket from its end: afterwards the index holds where each bucket begins. */
static void fill_buckets(struct ring *ring, const struct peer_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        uint64_t hash = peer_hash(set, i);
        for (unsigned point = 0; point < POINTS; point++) {
            uint32_t at = point_place(hash, point);
            ring->points[--ring->index[bucket_of(ring, at) + 1]] = (struct point){at, (uint32_t)i};
        }
    }
    memmove(ring->index, ring->index + 1, sizeof *ring->index << ring->bits);
    ring->index[(size_t)1 << ring->bits] = (uint32_t)ring->count;
}

static bool point_before(struct point a, struct point b)
{
    return a.at < b.at || (a.at == b.at && a.slot < b.slot);
}

/* A bucket holds one point on average, so almost nothing is left to sort. */
static void sort_points(struct ring *ring)
{
    for (size_t i = 1; i < ring->count; i++) {
        struct point point = ring->points[i];
        size_t at = i;
        for (; at > 0 && point_before(point, ring->points[at - 1]); at--)
            ring->points[at] = ring->points[at - 1];
        ring->points[at] = point;
    }
}

static void ring_rebuild(struct policy *policy, const struct peer_set *set)
{
    struct ring *ring = (struct ring *)policy;
    ring->count = set->count * POINTS;
    ring->bits = bits_for(ring->count);
    count_buckets(ring, set);
    fill_buckets(ring, set);
    sort_points(ring);
}

/* --- Look up ------------------------------------------------------------------------- */

/* The first point at or after `at` that belongs to an instance which was not tried. So a
 * retry goes to the instance that would have the key if the tried one did not exist. */
static struct point next_untried_point(const struct ring *ring, uint32_t at, const struct peer_set *set,
                                       const struct balance_request *request)
{
    size_t i = ring->index[bucket_of(ring, at)];
    while (i < ring->count && ring->points[i].at < at)
        i++;
    i = i < ring->count ? i : 0;
    while (request_tried(request, set->at[ring->points[i].slot]))
        i = i + 1 < ring->count ? i + 1 : 0;
    return ring->points[i];
}

static struct balancer_peer *ring_choose(const struct policy *policy, const struct peer_set *set,
                                         const struct balance_request *request)
{
    const struct ring *ring = (const struct ring *)policy;
    uint64_t place = hash_bytes(request->key, strlen(request->key));
    uint64_t step = hash_mix(place) | 1;
    uint32_t nearest = UINT32_MAX, slot = 0;
    for (int probe = 0; probe < PROBES; probe++, place += step) {
        uint32_t at = (uint32_t)(place >> 32);
        struct point point = next_untried_point(ring, at, set, request);
        uint32_t distance = point.at - at; /* modulo 2^32: correct past the end of the ring too */
        if (probe == 0 || distance < nearest) {
            nearest = distance;
            slot = point.slot;
        }
    }
    return set->at[slot];
}

static void ring_advance(struct policy *policy, const struct peer_set *set, const struct balance_request *request,
                         const struct balancer_peer *picked)
{
    (void)policy, (void)set, (void)request, (void)picked; /* only the key decides */
}

static void ring_free(struct policy *policy)
{
    struct ring *ring = (struct ring *)policy;
    free(ring->points);
    free(ring->index);
    free(ring);
}

static const struct policy_ops ops = {
    .by_key = true,
    .reserve = ring_reserve,
    .rebuild = ring_rebuild,
    .choose = ring_choose,
    .advance = ring_advance,
    .free = ring_free,
};

struct policy *policy_consistent_hash_new(void)
{
    struct ring *ring = calloc(1, sizeof *ring);
    if (!ring)
        return NULL;
    ring->policy.ops = &ops;
    return &ring->policy;
}
