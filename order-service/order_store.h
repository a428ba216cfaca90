/* order_store: orders in PostgreSQL, and the keys that made them.
 *
 * An order and its Idempotency-Key are one statement: either both are there or
 * neither. Where many come with one key at once, through however many instances,
 * the key's primary key lets the first in and makes the others wait for its
 * commit; then they find the order that is there. No lock of ours is needed.
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

/* 0, or -1: ERR_NOT_FOUND: there is none; anything else: not to be had now. */
int order_store_find(struct order_store *store, const char *id, struct order *order, struct err *err);
/* The order that this key made in the last 24 hours. Errors as above. */
int order_store_find_by_key(struct order_store *store, const char *key, struct order *order, struct err *err);

/* Committed when it returns 0. key: NULL for none. -1: ERR_CONFLICT: the key has
 * made an order meanwhile; ERR_INVALID: PostgreSQL cannot store it; anything
 * else: not now, and (unless the commit's answer got lost) no order. */
int order_store_add(struct order_store *store, const struct order_input *input, const char *key,
                    struct order *order, struct err *err);

/* Now and then removes keys older than 24 hours, a thousand at most. */
void order_store_purge(struct order_store *store);

#endif
