/* balancer: whom to call next. Pure logic: no I/O, no clock, no allocation in a pick.
 *
 * It holds one peer for each instance: what the registry says of it, and what
 * calling it has shown (failures, ejection). A new list keeps the state of those
 * that stay, by id. One function decides, and the same function explains.
 */
#ifndef BALANCE_BALANCER_H
#define BALANCE_BALANCER_H

enum balance_policy {
    BALANCE_RANDOM,
    BALANCE_ROUND_ROBIN,
    BALANCE_WEIGHTED,        /* smooth weighted round robin */
    BALANCE_CONSISTENT_HASH, /* the same key goes to the same instance */
};

#endif
