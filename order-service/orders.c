#include "orders.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "net/json.h"

/* --- JSON --------------------------------------------------------------------------- */

static void add_members(const struct order *order, struct buf *json)
{
    buf_addf(json, "{\"id\":\"%s\",\"user_id\":\"%s\",\"item\":", order->id, order->user_id);
    json_add_string(json, order->item, strlen(order->item));
    buf_addf(json, ",\"quantity\":%" PRId64, order->quantity);
}

void order_add_json(const struct order *order, struct buf *json)
{
    add_members(order, json);
    buf_adds(json, "}");
}

/* --- Read an order -------------------------------------------------------------------- */

static void add_user_members(const struct service_reply *reply, struct buf *json)
{
    switch (user_client_judge(reply)) {
    case USER_EXISTS: /* the client has checked that the body is a JSON object */
        buf_adds(json, ",\"user\":");
        buf_add(json, reply->body.data, reply->body.len);
        buf_adds(json, ",\"degraded\":false}");
        return;
    case USER_UNKNOWN:
        buf_adds(json, ",\"user\":null,\"degraded\":false}");
        return;
    case USER_UNVERIFIED:
        buf_adds(json, ",\"user\":null,\"degraded\":true}");
        return;
    }
}

int orders_show(struct orders *orders, const char *id, const struct trace_context *trace, struct buf *json,
                struct err *err)
{
    struct order order;
    if (order_store_find(&orders->store, id, &order, err) != 0)
        return -1;
    struct service_reply reply = SERVICE_REPLY_INIT;
    user_client_get(&orders->users, order.user_id, trace, &reply);
    add_members(&order, json);
    add_user_members(&reply, json);
    service_reply_close(&reply);
    return 0;
}

/* --- Place an order ------------------------------------------------------------------- */

/* Compares values: a request with other white space or in another sequence still places the same order. */
static bool is_same(const struct order_input *input, const struct order *order)
{
    return strcmp(input->user_id, order->user_id) == 0 && strcmp(input->item, order->item) == 0 &&
           input->quantity == order->quantity;
}

/* 0 with the order that was placed with this key; -1: ERR_NOT_FOUND: there is none. */
static int replay(struct orders *orders, const struct order_input *input, const char *key, struct order *order,
                  struct err *err)
{
    if (order_store_find_by_key(&orders->store, key, order, err) != 0)
        return -1;
    if (is_same(input, order))
        return 0;
    return err_set(err, ERR_INVALID, "this Idempotency-Key was used for another order");
}

static int verify_user(struct orders *orders, const char *user_id, const struct trace_context *trace, struct err *err)
{
    struct service_reply reply = SERVICE_REPLY_INIT;
    user_client_get(&orders->users, user_id, trace, &reply);
    enum user_verdict verdict = user_client_judge(&reply);
    if (verdict == USER_UNKNOWN)
        err_set(err, ERR_INVALID, "user_id: there is no user %s", user_id);
    else if (verdict == USER_UNVERIFIED && reply.outcome == SERVICE_OK)
        err_set(err, ERR_UNREACHABLE, "cannot verify user %s: answered %d", user_id, reply.status);
    else if (verdict == USER_UNVERIFIED)
        err_set(err, ERR_UNREACHABLE, "cannot verify user %s: %s", user_id, reply.err.text);
    service_reply_close(&reply);
    return verdict == USER_EXISTS ? 0 : -1;
}

int orders_place(struct orders *orders, const struct order_input *input, const char *key,
                 const struct trace_context *trace, struct order *order, struct err *err)
{
    struct err seen = ERR_INIT;
    if (key && replay(orders, input, key, order, &seen) == 0)
        return 0;
    if (key && seen.code != ERR_NOT_FOUND)
        return err_set(err, seen.code, "%s", seen.text);
    if (verify_user(orders, input->user_id, trace, err) != 0)
        return -1;

    struct err stored = ERR_INIT;
    if (order_store_add(&orders->store, input, key, order, &stored) == 0) {
        order_store_purge(&orders->store);
        return 0;
    }
    if (stored.code == ERR_CONFLICT) /* another request with this key was faster */
        return replay(orders, input, key, order, err);
    const char *hint = stored.code != ERR_UNKNOWN_OUTCOME ? ""
                       : key ? "; the order may exist: repeat the request with the same Idempotency-Key to find out"
                             : "; the order may exist: with an Idempotency-Key the request could be repeated";
    return err_set(err, stored.code, "%s%s", stored.text, hint);
}
