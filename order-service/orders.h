/* orders: places and reads orders. Reading degrades (the lesson's 降级).
 *
 * Placing: a repeated Idempotency-Key gets the stored order again, without a call to
 * user-service. Otherwise user-service must confirm the user: an order without a user
 * is worse than no order. Then the order is stored, and the reply follows the commit.
 *
 * Reading: the order is in our own database, so it is shown even if user-service cannot
 * be reached. Then `user` is null and `degraded` is true.
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

/* key: NULL for none; trace: passed to user-service. 0: the order is committed; or -1:
 * ERR_INVALID: no such user, or the key was used for another order; any other code:
 * cannot place it now. */
int orders_place(struct orders *orders, const struct order_input *input, const char *key,
                 const struct trace_context *trace, struct order *order, struct err *err);

/* Appends the order's JSON with its user; or -1: ERR_NOT_FOUND: no such order; any other
 * code: cannot read orders now. */
int orders_show(struct orders *orders, const char *id, const struct trace_context *trace, struct buf *json,
                struct err *err);

/* Appends the order's JSON without its user. */
void order_add_json(const struct order *order, struct buf *json);

#endif
