/* policy: the interface that random, round_robin, weighted, consistent_hash and
 * least_request implement.
 *
 * A pick has two steps. `choose` returns a peer and changes nothing, so the same
 * function serves a pick and `explain`. `advance` then moves on to the next turn. Only
 * `reserve` allocates memory, when a new list comes.
 *
 * To add a policy `mine`:
 *   1. a new file mine.c: its `struct policy_ops` and policy_mine_new(), declared below;
 *   2. balancer.h: `mine` at the end of BALANCE_POLICY_NAMES, BALANCE_MINE at the end of
 *      the enum. LB_POLICY's value is an index into both, so their order must be the same;
 *   3. balancer.c: a case in policy_new() (the compiler warns if it is missing);
 *   4. tests/test_policies.c: tests of this policy. The tests that every policy must pass,
 *      and bench/pick.c, take their policies from BALANCE_POLICY_NAMES;
 *   5. tests/simulation/settings.c: its draw of a policy and its table of names, so that
 *      the simulation uses it too; docs/reference.md: the values of LB_POLICY;
 *   6. consul-dev/playground: the name in page/index.html and actions.c, its texts in text-*.mjs.
 * Nothing else needs a change.
 */
#ifndef BALANCE_POLICY_H
#define BALANCE_POLICY_H

#include "balance/peer.h"

/* The first member of each policy's own struct. */
struct policy {
    const struct policy_ops *ops;
};

struct policy_ops {
    bool by_key; /* the key decides, not a turn: so the key also chooses between the zones */
    /* Makes room for `count` peers. 0, or -1: out of memory. */
    int (*reserve)(struct policy *policy, size_t count);
    /* The set has changed. The policy keeps its state by id. Peers that have left
     * the list, and the texts of the former list, exist during this call only. */
    void (*rebuild)(struct policy *policy, const struct peer_set *set);
    /* The next peer that the call has not tried; there is one. Changes nothing. */
    struct balancer_peer *(*choose)(const struct policy *policy, const struct peer_set *set,
                                    const struct balance_request *request);
    /* The peer that choose() compares its choice with, for `explain`; NULL: there is none.
     * The function is NULL if the policy compares none. */
    struct balancer_peer *(*other)(const struct policy *policy, const struct peer_set *set,
                                   const struct balance_request *request);
    /* `peer` passes its turn on (slow_start.h): not chosen until the next advance(), if there is another.
     * NULL: advance() alone moves on to another peer. */
    void (*skip)(struct policy *policy, const struct balancer_peer *peer);
    /* `picked` was picked for this request: moves on to the next turn. */
    void (*advance)(struct policy *policy, const struct peer_set *set, const struct balance_request *request,
                    const struct balancer_peer *picked);
    void (*free)(struct policy *policy);
};

/* Each is defined in the file of its policy. NULL: out of memory. */
struct policy *policy_random_new(void);
struct policy *policy_round_robin_new(void);
struct policy *policy_weighted_new(void);
struct policy *policy_consistent_hash_new(void);
struct policy *policy_least_request_new(void);

#endif
