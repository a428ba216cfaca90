#include "balance/peer.h"

#include <string.h>

#include "base/hash.h"
#include "base/rand.h"

int peer_weight(const struct balancer_peer *peer)
{
    const struct instance *instance = peer->instance;
    int weight = instance->weight;
    if (instance->status == INSTANCE_WARNING && instance->warning_weight > 0)
        weight = instance->warning_weight;
    return weight > 0 ? weight : 1;
}

struct balancer_peer *peer_new(void)
{
    struct balancer_peer *peer = calloc(1, sizeof *peer);
    if (peer)
        peer->holders = 1;
    return peer;
}

void peer_release(struct balancer_peer *peer)
{
    if (--peer->holders > 0)
        return;
    instance_list_unref(peer->list);
    free(peer);
}

uint64_t peer_turn(const char *caller, const char *id)
{
    return *caller ? hash_mix(hash_bytes(caller, strlen(caller)) ^ hash_bytes(id, strlen(id))) : 0;
}

int peer_order(const struct balancer_peer *a, const struct balancer_peer *b)
{
    if (a->turn != b->turn)
        return a->turn < b->turn ? -1 : 1;
    return instance_order(a->instance, b->instance);
}

bool request_tried_in(const struct balance_request *request, size_t i, const struct peer_set *set)
{
    for (size_t before = 0; before < i; before++)
        if (request->tried[before] == request->tried[i])
            return false;
    return peer_set_has(set, request->tried[i]);
}

size_t peer_set_untried(const struct peer_set *set, const struct balance_request *request)
{
    size_t count = set->count;
    for (size_t i = 0; i < request->tried_count; i++)
        count -= request_tried_in(request, i, set);
    return count;
}

void slots_add(size_t *slots, size_t *count, size_t slot)
{
    size_t at = (*count)++;
    for (; at > 0 && slots[at - 1] > slot; at--)
        slots[at] = slots[at - 1];
    slots[at] = slot;
}

size_t peer_set_tried(const struct peer_set *set, const struct balance_request *request,
                      size_t slots[BALANCE_TRIED_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < request->tried_count; i++)
        if (request_tried_in(request, i, set))
            slots_add(slots, &count, request->tried[i]->slot);
    return count;
}

struct balancer_peer *peer_set_draw(const struct peer_set *set, const struct balance_request *request)
{
    size_t slots[BALANCE_TRIED_MAX];
    size_t tried = peer_set_tried(set, request, slots);
    size_t drawn = rand_scale(set->draw, set->count - tried);
    /* Skips the tried ones by counting, so that none of their neighbours gets a double share. */
    for (size_t i = 0; i < tried && slots[i] <= drawn; i++)
        drawn++;
    return set->at[drawn];
}

size_t peers_find_from(struct balancer_peer *const *at, size_t count, const struct balancer_peer *peer)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (peer_order(at[middle], peer) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count ? low : 0;
}
