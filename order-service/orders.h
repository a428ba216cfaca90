/* orders: what an order is, and how one comes about.
 *
 * Placing one: seen before (Idempotency-Key)? then the same answer again, and
 * nobody else is asked. Otherwise the user must exist: an order of nobody is
 * worse than no order. Then it is stored, and answered once it is committed.
 *
 * Reading one asks less: the order is ours, and is shown also where its user is
 * not to be had (degrading).
 */
#ifndef ORDERS_H
#define ORDERS_H

#include "base/buf.h"
#include "base/err.h"
#include "order_store.h"
#include "user_client.h"

struct orders {
    struct order_store store;
    struct user_client users;
};

/* Room for the longest order, escaped, with its user. */
enum { ORDER_JSON_MAX = 128 * 1024 };

/* key: NULL for none; trace: passed on. 0, and the order is committed; or -1:
 * ERR_INVALID: no such user, or the key was used for another order; anything
 * else: not now. */
int orders_place(struct orders *orders, const struct order_input *input, const char *key,
                 const struct trace_context *trace, struct order *order, struct err *err);

/* Appends the order's JSON with its user; or -1: ERR_NOT_FOUND, anything else: not now. */
int orders_show(struct orders *orders, const char *id, const struct trace_context *trace, struct buf *json,
                struct err *err);

/* Appends the order's JSON without its user. */
void order_add_json(const struct order *order, struct buf *json);

#endif
