#include "balance/sides.h"

#include "balance/eligible.h"

/* --- Create and free ----------------------------------------------------------------- */

static int open_side(struct sides *sides, enum route_side side)
{
    struct balancer_config config = sides->config;
    config.route = &sides->route;
    config.side = side;
    sides->at[side] = balancer_new(&config);
    return sides->at[side] ? 0 : -1;
}

int sides_init(struct sides *sides, const struct balancer_config *config, const struct route *route)
{
    *sides = (struct sides){.config = *config, .route = *route};
    if (open_side(sides, ROUTE_STABLE) != 0)
        return -1;
    return route->canary.by == CANARY_NONE ? 0 : open_side(sides, ROUTE_CANARY);
}

void sides_close(struct sides *sides)
{
    for (int side = 0; side < ROUTE_SIDES; side++)
        balancer_free(sides->at[side]);
}

int sides_set_canary(struct sides *sides, const struct canary *canary, int64_t now_ms)
{
    if (canary->by != CANARY_NONE && !sides->at[ROUTE_CANARY] && open_side(sides, ROUTE_CANARY) != 0)
        return -1;
    sides->route.canary = *canary;
    for (int side = 0; side < ROUTE_SIDES; side++)
        if (sides->at[side])
            balancer_reroute(sides->at[side], now_ms);
    return 0;
}

int sides_set_policy(struct sides *sides, enum balance_policy policy, int64_t now_ms)
{
    for (int side = 0; side < ROUTE_SIDES; side++)
        if (sides->at[side] && balancer_set_policy(sides->at[side], policy, now_ms) != 0)
            return -1;
    sides->config.policy = policy;
    return 0;
}

/* --- Pick ---------------------------------------------------------------------------- */

static bool leaves_side(const struct sides *sides, enum route_side own, const struct balance_request *request,
                        int64_t now_ms)
{
    const struct balancer *its = sides->at[own], *other = sides->at[route_other_side(own)];
    if (balancer_best_tier(its) != balancer_best_tier(other))
        return balancer_best_tier(its) > balancer_best_tier(other);
    bool is_retry = request->tried_count > 0;
    if (balancer_works(its) != balancer_works(other))
        return balancer_works(other) && (is_retry || now_ms < sides->test_ms);
    return is_retry && own == ROUTE_CANARY;
}

/* The side that the next attempt tries first. */
static enum route_side first_side(const struct sides *sides, const struct balance_request *request, int64_t now_ms)
{
    if (!sides->at[ROUTE_CANARY])
        return ROUTE_STABLE;
    enum route_side own = route_side_for(&sides->route, request->key);
    return leaves_side(sides, own, request, now_ms) ? route_other_side(own) : own;
}

struct balancer_peer *sides_pick(struct sides *sides, const struct balance_request *request, int64_t now_ms)
{
    enum route_side first = first_side(sides, request, now_ms);
    struct balancer_peer *peer = balancer_pick(sides->at[first], request, now_ms);
    if (!peer && sides->at[ROUTE_CANARY])
        peer = balancer_pick(sides->at[route_other_side(first)], request, now_ms);
    if (!peer)
        return NULL;
    sides->picks[peer->side]++;
    if (!balancer_works(sides->at[peer->side]))
        sides->test_ms = now_ms + SIDES_TEST_MS;
    return peer;
}

const struct balancer_peer *sides_peek(const struct sides *sides, const struct balance_request *request, int64_t now_ms)
{
    enum route_side first = first_side(sides, request, now_ms);
    const struct balancer_peer *peer = balancer_peek(sides->at[first], request, now_ms);
    return peer || !sides->at[ROUTE_CANARY] ? peer
                                            : balancer_peek(sides->at[route_other_side(first)], request, now_ms);
}

/* --- For a peer: its own side -------------------------------------------------------- */

struct balancer *sides_balancer_of(const struct sides *sides, const struct balancer_peer *peer)
{
    return sides->at[peer->side];
}

struct obstacle sides_why_not(const struct sides *sides, const struct balancer_peer *peer, const char *key,
                              int64_t now_ms)
{
    const struct balancer *its = sides->at[peer->side], *other = sides->at[route_other_side(peer->side)];
    const struct balance_request request = {.key = key};
    struct obstacle why = balancer_why_not(its, peer, key, now_ms);
    bool could_be_next = why.kind == OBSTACLE_NONE || why.kind == OBSTACLE_ZONE || why.kind == OBSTACLE_SLOW_START;
    if (!could_be_next || peer->side == first_side(sides, &request, now_ms))
        return why;
    if (peer->side != route_side_for(&sides->route, key))
        return (struct obstacle){.kind = OBSTACLE_SIDE};
    bool is_tested = balancer_best_tier(its) == balancer_best_tier(other);
    return (struct obstacle){.kind = is_tested ? OBSTACLE_FAILING_SIDE : OBSTACLE_STATE};
}

/* --- For both ------------------------------------------------------------------------ */

int sides_update(struct sides *sides, struct instance_list *list, const bool *missing, int64_t now_ms)
{
    for (int side = 0; side < ROUTE_SIDES; side++)
        if (sides->at[side] && balancer_update(sides->at[side], list, missing, now_ms) != 0)
            return -1;
    return 0;
}

void sides_settle(struct sides *sides, int64_t now_ms)
{
    for (int side = 0; side < ROUTE_SIDES; side++)
        if (sides->at[side])
            balancer_settle(sides->at[side], now_ms);
}

size_t sides_count(const struct sides *sides)
{
    return balancer_count(sides->at[ROUTE_STABLE]);
}

/* The same instance in the canary's balancer, which may have an older list: after it was set, and if memory ran out. */
static const struct balancer_peer *twin_at(const struct sides *sides, size_t i)
{
    const struct balancer *canary = sides->at[ROUTE_CANARY];
    if (!canary || i >= balancer_count(canary))
        return NULL;
    const struct balancer_peer *twin = balancer_at(canary, i);
    return twin->list == balancer_at(sides->at[ROUTE_STABLE], i)->list ? twin : NULL;
}

const struct balancer_peer *sides_at(const struct sides *sides, size_t i)
{
    const struct balancer_peer *peer = balancer_at(sides->at[ROUTE_STABLE], i), *twin = twin_at(sides, i);
    return twin && route_side_of(&sides->route, peer->instance) == ROUTE_CANARY ? twin : peer;
}

uint64_t sides_picks(const struct sides *sides, size_t i)
{
    const struct balancer_peer *twin = twin_at(sides, i);
    return balancer_at(sides->at[ROUTE_STABLE], i)->picks + (twin ? twin->picks : 0);
}

size_t sides_calls(const struct sides *sides, size_t i)
{
    const struct balancer_peer *twin = twin_at(sides, i);
    return peer_calls(balancer_at(sides->at[ROUTE_STABLE], i)) + (twin ? peer_calls(twin) : 0);
}

bool sides_in_panic(const struct sides *sides)
{
    bool any_in_panic = false;
    for (int side = 0; side < ROUTE_SIDES; side++) {
        const struct balancer *balancer = sides->at[side];
        if (balancer && balancer_in_panic(balancer))
            any_in_panic = true;
        else if (balancer && balancer_best_tier(balancer) != TIER_NEVER)
            return false;
    }
    return any_in_panic;
}

uint64_t sides_sum(const struct sides *sides, uint64_t (*count_of)(const struct balancer *balancer))
{
    uint64_t sum = 0;
    for (int side = 0; side < ROUTE_SIDES; side++)
        sum += sides->at[side] ? count_of(sides->at[side]) : 0;
    return sum;
}
