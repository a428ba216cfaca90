#include "balance/obstacle.h"

#include <inttypes.h>
#include <stdio.h>

#include "balance/eligible.h"

struct obstacle obstacle_of(const struct eligible *eligible, const struct balancer_peer *peer, int64_t now_ms)
{
    bool is_in_tier = tier_of(peer->instance) == eligible->tier && eligible->tier != TIER_NEVER;
    if (peer_set_has(&eligible->near, peer) || (is_in_tier && peer->outlier.on_probation && peer_is_free(peer)))
        return (struct obstacle){OBSTACLE_NONE, 0};
    if (!is_in_tier)
        return (struct obstacle){OBSTACLE_STATE, 0};
    if (outlier_is_ejected(&peer->outlier))
        return (struct obstacle){OBSTACLE_EJECTION, peer->outlier.back_ms - now_ms};
    return (struct obstacle){peer->outlier.on_probation ? OBSTACLE_PROBATION : OBSTACLE_ZONE, 0};
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

void obstacle_text(struct obstacle obstacle, const struct instance *instance, const char *zone, char *out, size_t size)
{
    if (obstacle.kind == OBSTACLE_STATE)
        snprintf(out, size, "%s", state_text(instance));
    else if (obstacle.kind == OBSTACLE_EJECTION)
        snprintf(out, size, "ejected for another %" PRId64 " s after %d failures in a row",
                 (obstacle.left_ms + 999) / 1000, OUTLIER_FAILURES);
    else if (obstacle.kind == OBSTACLE_PROBATION)
        snprintf(out, size, "on probation after its ejection: one call at a time until one succeeds");
    else if (*instance->zone)
        snprintf(out, size, "in zone %s; the caller's zone %s has enough instances", instance->zone, zone);
    else
        snprintf(out, size, "in no zone; the caller's zone %s has enough instances", zone);
}
