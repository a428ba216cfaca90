#include "balance/obstacle.h"

#include <inttypes.h>
#include <stdio.h>

#include "balance/eligible.h"

static struct obstacle obstacle_of_zone(const struct zones *zones, bool near_is_next)
{
    return (struct obstacle){.kind = OBSTACLE_ZONE, .stays_near = near_is_next, .near_gain = zones->near_gain,
                             .near_weight = zones->near_weight, .weight = zones->weight, .zones = zones->count};
}

static bool was_overtaken(const struct outlier *outlier)
{
    return outlier->overtaken >= OUTLIER_FAILURES;
}

static struct obstacle obstacle_of_ejection(const struct outlier *outlier, int64_t now_ms)
{
    return (struct obstacle){.kind = OBSTACLE_EJECTION, .left_ms = outlier->back_ms - now_ms,
                             .was_overtaken = was_overtaken(outlier),
                             .percent = outlier->percent, .others_percent = outlier->others_percent};
}

struct obstacle obstacle_of(const struct eligible *eligible, const struct balancer_peer *peer, bool near_is_next,
                            int64_t now_ms)
{
    bool is_in_tier = tier_of(peer) <= eligible->tier && eligible->tier != TIER_NEVER;
    bool is_near = peer_set_has(&eligible->near, peer), is_far = peer_set_has(&eligible->far, peer);
    if ((near_is_next ? is_near : is_far) || (is_in_tier && peer->outlier.on_probation && peer_is_free(peer)))
        return (struct obstacle){.kind = OBSTACLE_NONE};
    if (is_near || is_far)
        return obstacle_of_zone(&eligible->zones, near_is_next);
    if (peer->off_route)
        return (struct obstacle){.kind = OBSTACLE_ROUTE};
    if (!is_in_tier)
        return (struct obstacle){.kind = OBSTACLE_STATE};
    if (outlier_is_ejected(&peer->outlier))
        return obstacle_of_ejection(&peer->outlier, now_ms);
    return (struct obstacle){.kind = OBSTACLE_PROBATION, .was_overtaken = was_overtaken(&peer->outlier)};
}

struct obstacle obstacle_of_slow_start(const struct slow_start *slow, int64_t now_ms)
{
    return (struct obstacle){.kind = OBSTACLE_SLOW_START, .left_ms = slow->end_ms - now_ms,
                             .share = slow_start_share(slow, now_ms)};
}

struct obstacle obstacle_of_load(const struct balancer_peer *peer, const struct balancer_peer *next)
{
    return (struct obstacle){.kind = OBSTACLE_LOAD, .calls = peer_calls(peer), .its_weight = peer_weight(peer),
                             .next_calls = peer_calls(next), .next_weight = peer_weight(next)};
}

static const char *state_text(const struct instance *instance)
{
    if (instance->maintenance)
        return "in maintenance";
    if (instance->node_down)
        return "its node is down";
    if (instance->status == INSTANCE_CRITICAL)
        return "critical";
    return "warning, and its warning weight is 0";
}

static void zone_text(struct obstacle obstacle, const char *its_zone, const char *zone, char *out, size_t size)
{
    int percent = (int)(obstacle.near_gain * 100 / obstacle.weight);
    int n = *its_zone ? snprintf(out, size, "in zone %s; ", its_zone) : snprintf(out, size, "in no zone; ");
    snprintf(out + n, size - (size_t)n,
             "%d %% of the calls stay in the caller's zone %s (weight %" PRId64 " of %" PRId64
             ", zones: %zu), and the next call %s",
             percent, zone, obstacle.near_weight, obstacle.weight, obstacle.zones,
             obstacle.stays_near ? "does" : "does not");
}

static void side_text(const struct route *route, const struct instance *instance, char *out, size_t size)
{
    char canary[CANARY_VALUE_MAX + 20];
    canary_text(&route->canary, canary, sizeof canary);
    if (route_side_of(route, instance) == ROUTE_CANARY)
        snprintf(out, size, "it is the canary (%s), and this key is not in the canary's share", canary);
    else
        snprintf(out, size, "it is not the canary (%s), and this key is in the canary's share", canary);
}

static void load_text(struct obstacle obstacle, char *out, size_t size)
{
    snprintf(out, size,
             "the other one of the two drawn: it has %zu calls in flight (weight %d), "
             "the next instance %zu (weight %d)",
             obstacle.calls, obstacle.its_weight, obstacle.next_calls, obstacle.next_weight);
}

static void ejection_text(struct obstacle obstacle, char *out, size_t size)
{
    int64_t left_s = (obstacle.left_ms + 999) / 1000;
    if (obstacle.was_overtaken)
        snprintf(out, size,
                 "ejected for another %" PRId64 " s: backup requests overtook it %d times in a row, then it failed",
                 left_s, OUTLIER_FAILURES);
    else if (obstacle.percent == 0)
        snprintf(out, size, "ejected for another %" PRId64 " s after %d failures in a row", left_s, OUTLIER_FAILURES);
    else
        snprintf(out, size,
                 "ejected for another %" PRId64 " s: %u %% of its calls failed in %d s, %u %% of the others'", left_s,
                 obstacle.percent, FAILURE_RATE_INTERVAL_MS / 1000, obstacle.others_percent);
}

void obstacle_text(struct obstacle obstacle, const struct instance *instance, const char *zone,
                   const struct route *route, char *out, size_t size)
{
    if (obstacle.kind == OBSTACLE_STATE)
        snprintf(out, size, "%s", state_text(instance));
    else if (obstacle.kind == OBSTACLE_ROUTE)
        route_reason(route, instance, out, size);
    else if (obstacle.kind == OBSTACLE_SIDE)
        side_text(route, instance, out, size);
    else if (obstacle.kind == OBSTACLE_FAILING_SIDE)
        snprintf(out, size, "all instances of its side are failing: one call a second tests them");
    else if (obstacle.kind == OBSTACLE_EJECTION)
        ejection_text(obstacle, out, size);
    else if (obstacle.kind == OBSTACLE_PROBATION)
        snprintf(out, size, "on probation after %s: one call at a time until one succeeds",
                 obstacle.was_overtaken ? "backup requests overtook it repeatedly" : "its ejection");
    else if (obstacle.kind == OBSTACLE_SLOW_START)
        snprintf(out, size, "in slow start: %d %% of its share, for another %.1f s", obstacle.share / 10,
                 (double)obstacle.left_ms / 1000);
    else if (obstacle.kind == OBSTACLE_LOAD)
        load_text(obstacle, out, size);
    else
        zone_text(obstacle, instance->zone, zone, out, size);
}
