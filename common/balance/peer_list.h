/* peer_list: all peers, one for each instance of the newest list.
 *
 * When a new list comes, an instance that stays keeps its peer (instance_list_match): its
 * failures, its ejection and its count of picks survive. Private to this folder.
 */
#ifndef BALANCE_PEER_LIST_H
#define BALANCE_PEER_LIST_H

#include "balance/peer.h"

/* Zero-initialise: no peers. */
struct peer_list {
    struct balancer_peer **at;       /* in the order of the list: by id, then by node */
    struct balancer_peer **by_turn;  /* the same peers in the caller's own order (peer_order) */
    size_t count;
    struct instance_list *list; /* a reference: the texts of a former list outlive the takeover */
};

/* The peer with the id of this instance, which may be of another list; of several with this id, the one with its
 * node. NULL: there is none. */
struct balancer_peer *peer_list_find(const struct peer_list *peers, const struct instance *instance);

/* Takes a new list over in two steps. Between them the old peers and the texts of the old
 * list still exist.
 *
 * Begin: makes `peers` the peers of `list` and moves the old ones to `former`. Each peer
 * takes a reference to `list`; it must be finished (instance_list_finish). caller: see
 * peer_turn. missing: one
 * value for each entry; NULL: none is missing. 0, or -1: out of memory, and nothing has
 * changed. */
int peer_list_replace(struct peer_list *peers, struct instance_list *list, const char *caller, const bool *missing,
                      struct peer_list *former);
/* End: releases the peers of `former` that are not in the new list. */
void peer_list_close_former(struct peer_list *former);

/* Releases all peers. Those that a call holds stay until it releases them. */
void peer_list_close(struct peer_list *peers);

#endif
