#include "balance/peer_list.h"

#include <stdlib.h>
#include <string.h>

struct balancer_peer *peer_list_find(const struct peer_list *peers, const struct instance *instance)
{
    const struct instance_list *list = peers->list;
    const struct instance *found = list ? instance_list_find(list, instance->id) : NULL;
    if (!found)
        return NULL;
    /* An id that is alone is enough, as in instance_list_match(). */
    size_t at = (size_t)(found - list->at);
    if (at + 1 < list->count && strcmp(list->at[at + 1].id, instance->id) == 0)
        found = instance_list_find_same(list, instance);
    return found ? peers->at[found - list->at] : NULL;
}

/* --- Take over a new list ------------------------------------------------------------ */

static void discard_new(struct balancer_peer **peers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!peers[i]->instance)
            free(peers[i]);
    free(peers);
}

/* Both lists have the same order, so one walk over both finds the peers that stay. The
 * new peers are allocated here, before anything changes, because this can fail. */
static struct balancer_peer **match_peers(const struct peer_list *former, const struct instance_list *list, size_t count)
{
    struct balancer_peer **peers = calloc(count + 1, sizeof(struct balancer_peer *));
    size_t old = 0;
    for (size_t i = 0; peers && i < count; i++) {
        int order = 1;
        while (old < former->count && (order = instance_list_match(former->list, old, list, i)) < 0)
            old++;
        bool stays = old < former->count && order == 0;
        peers[i] = stays ? former->at[old++] : peer_new();
        if (!peers[i]) {
            discard_new(peers, i);
            return NULL;
        }
    }
    return peers;
}

static void set_instance(struct balancer_peer *peer, struct instance_list *list, size_t i, bool missing)
{
    const struct instance *before = peer->instance, *now = &list->at[i];
    if (before && before->status == INSTANCE_CRITICAL && now->status == INSTANCE_PASSING)
        outlier_readmit(&peer->outlier); /* its health check has seen it recover */
    if (before && instance_has_moved(before, now)) { /* it did not cause the old failures */
        peer->outlier = (struct outlier){0};
        peer->slow_start = (struct slow_start){0};
        peer->tally = (struct failure_tally){0};
    }
    instance_list_ref(list);
    instance_list_unref(peer->list);
    peer->list = list;
    peer->instance = now;
    peer->missing = missing;
    peer->listed = true;
}

static int by_turn(const void *left, const void *right)
{
    return peer_order(*(struct balancer_peer *const *)left, *(struct balancer_peer *const *)right);
}

static void sort_by_turn(struct peer_list *peers, const char *caller)
{
    for (size_t i = 0; i < peers->count; i++) {
        peers->at[i]->turn = peer_turn(caller, peers->at[i]->instance->id);
        peers->by_turn[i] = peers->at[i];
    }
    if (*caller && peers->count > 1)
        qsort(peers->by_turn, peers->count, sizeof *peers->by_turn, by_turn);
}

int peer_list_replace(struct peer_list *peers, struct instance_list *list, const char *caller, const bool *missing,
                      struct peer_list *former)
{
    size_t count = list->count;
    struct balancer_peer **sorted = calloc(count + 1, sizeof(struct balancer_peer *));
    struct balancer_peer **at = sorted ? match_peers(peers, list, count) : NULL;
    if (!at) {
        free(sorted);
        return -1;
    }
    *former = *peers;
    *peers = (struct peer_list){.at = at, .by_turn = sorted, .count = count, .list = instance_list_ref(list)};
    for (size_t i = 0; i < former->count; i++)
        former->at[i]->listed = false;
    for (size_t i = 0; i < count; i++)
        set_instance(at[i], list, i, missing && missing[i]);
    sort_by_turn(peers, caller);
    return 0;
}

/* --- Release ------------------------------------------------------------------------- */

static void unlist(struct balancer_peer *peer)
{
    peer->listed = false;
    peer->slot = PEER_NO_SLOT;
    peer_release(peer);
}

void peer_list_close_former(struct peer_list *former)
{
    for (size_t i = 0; i < former->count; i++)
        if (!former->at[i]->listed)
            unlist(former->at[i]);
    instance_list_unref(former->list);
    free(former->by_turn);
    free(former->at);
}

void peer_list_close(struct peer_list *peers)
{
    for (size_t i = 0; i < peers->count; i++)
        unlist(peers->at[i]);
    instance_list_unref(peers->list);
    free(peers->by_turn);
    free(peers->at);
}
