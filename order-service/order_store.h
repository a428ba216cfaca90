/* order_store: orders and their Idempotency-Keys in PostgreSQL.
 *
 * One statement stores an order and its key, so both are stored or neither is. When
 * several requests with one key arrive at once, through any number of instances, the
 * primary key lets the first insert and makes the others wait for its commit. Then
 * they find the stored order. We need no lock of our own.
 */
#ifndef ORDER_STORE_H
#define ORDER_STORE_H

#include <stdint.h>

#include "base/err.h"
#include "order_input.h"
#include "service/input.h"
#include "store/pg.h"

struct order {
    char id[ID_SIZE], user_id[ID_SIZE];
    char item[4 * ITEM_MAX_CHARACTERS + 1]; /* UTF-8: at most 4 bytes a character */
    int64_t quantity;
};

struct order_store {
    struct pg *pg;
    int64_t timeout_ms;
    int64_t purged_ms; /* when old keys were last removed; 0: never */
};

/* 0, or -1: ERR_NOT_FOUND: no such order; any other code: cannot read orders now. */
int order_store_find(struct order_store *store, const char *id, struct order *order, struct err *err);
/* The order that was placed with this key in the last 24 hours. Errors as above. */
int order_store_find_by_key(struct order_store *store, const char *key, struct order *order, struct err *err);

/* Returns 0 after the commit. key: NULL for none. -1: ERR_CONFLICT: another request
 * placed an order with this key meanwhile; ERR_INVALID: PostgreSQL cannot store these
 * values; ERR_UNKNOWN_OUTCOME: the order may be stored; any other code: cannot store now. */
int order_store_add(struct order_store *store, const struct order_input *input, const char *key,
                    struct order *order, struct err *err);

/* Removes keys older than 24 hours, at most 1,000 in a call and one call in 10 minutes. */
void order_store_purge(struct order_store *store);

#endif
