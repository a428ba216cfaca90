#include "balance/policy.h"

#include <string.h>

size_t peer_set_untried(const struct peer_set *set, const struct balance_request *request)
{
    size_t count = set->count;
    for (size_t i = 0; i < request->tried_count; i++)
        count -= peer_set_has(set, request->tried[i]);
    return count;
}

size_t peer_set_from(struct balancer_peer *const *at, size_t count, const char *id)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(at[middle]->instance->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count ? low : 0;
}

int peer_weight(const struct balancer_peer *peer)
{
    const struct instance *instance = peer->instance;
    int weight = instance->weight;
    if (instance->status == INSTANCE_WARNING && instance->warning_weight > 0)
        weight = instance->warning_weight;
    return weight > 0 ? weight : 1;
}
