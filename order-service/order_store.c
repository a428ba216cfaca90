#include "order_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

enum { PURGE_EVERY_MS = 10 * 60 * 1000 };

#define KEPT "interval '24 hours'" /* docs/reference.md: how long a key is remembered */

static int read_order(const struct pg_rows *rows, struct order *order)
{
    if (pg_rows_count(rows) == 0)
        return -1;
    snprintf(order->id, sizeof order->id, "%s", pg_rows_get(rows, 0, 0));
    snprintf(order->user_id, sizeof order->user_id, "%s", pg_rows_get(rows, 0, 1));
    snprintf(order->item, sizeof order->item, "%s", pg_rows_get(rows, 0, 2));
    order->quantity = strtoll(pg_rows_get(rows, 0, 3), NULL, 10);
    return 0;
}

/* --- Read ----------------------------------------------------------------------------- */

static int find_order(struct order_store *store, const struct pg_statement *statement, const char *param,
                struct order *order, struct err *err)
{
    struct pg_rows *rows = NULL;
    struct err cause = ERR_INIT;
    const char *const params[] = {param};
    if (pg_read(store->pg, statement, params, DEADLINE_NONE, &rows, &cause) != 0)
        return err_set(err, ERR_UNREACHABLE, "cannot read orders: %s", cause.text);

    int status = read_order(rows, order);
    pg_rows_free(rows);
    return status == 0 ? 0 : err_set(err, ERR_NOT_FOUND, "there is no such order");
}

int order_store_find(struct order_store *store, const char *id, struct order *order, struct err *err)
{
    static const struct pg_statement by_id = {
        "order_by_id", "SELECT id, user_id, item, quantity FROM orders WHERE id = $1", 1};
    return find_order(store, &by_id, id, order, err);
}

int order_store_find_by_key(struct order_store *store, const char *key, struct order *order, struct err *err)
{
    static const struct pg_statement by_key = {
        "order_by_key",
        "SELECT o.id, o.user_id, o.item, o.quantity FROM idempotency_keys k JOIN orders o ON o.id = k.order_id"
        " WHERE k.key = $1 AND k.created_at > now() - " KEPT,
        1};
    return find_order(store, &by_key, key, order, err);
}

/* --- Write ---------------------------------------------------------------------------- */

static const struct pg_statement add_order = {
    "order_add",
    "INSERT INTO orders (user_id, item, quantity) VALUES ($1, $2, $3) RETURNING id, user_id, item, quantity", 3};

/* Claims the key if it is new or has expired, and only then adds the order. Returns no
 * row if another order has the key. */
static const struct pg_statement add_order_with_key = {
    "order_add_with_key",
    "WITH claimed AS ("
    " INSERT INTO idempotency_keys AS k (key, order_id)"
    " VALUES ($4, nextval(pg_get_serial_sequence('orders', 'id')))"
    " ON CONFLICT (key) DO UPDATE SET order_id = excluded.order_id, created_at = now()"
    " WHERE k.created_at <= now() - " KEPT
    " RETURNING order_id)"
    " INSERT INTO orders (id, user_id, item, quantity)"
    " SELECT order_id, $1::bigint, $2::text, $3::integer FROM claimed RETURNING id, user_id, item, quantity",
    4};

int order_store_add(struct order_store *store, const struct order_input *input, const char *key, struct order *order,
                    struct err *err)
{
    char quantity[24];
    snprintf(quantity, sizeof quantity, "%" PRId64, input->quantity);
    const char *const params[] = {input->user_id, input->item, quantity, key};
    struct pg_rows *rows = NULL;
    int64_t deadline = deadline_in(store->timeout_ms);
    int status = key ? pg_execute(store->pg, &add_order_with_key, params, NULL, deadline, &rows, err)
                     : pg_add_row(store->pg, &add_order, params, NULL, deadline, &rows, err);
    if (status == 0 && read_order(rows, order) != 0)
        status = err_set(err, ERR_CONFLICT, "this Idempotency-Key is in use");
    pg_rows_free(rows);
    return status;
}

void order_store_purge(struct order_store *store)
{
    /* Several instances may purge at once: each one skips rows that another one has locked. */
    static const struct pg_statement purge = {
        "purge_keys",
        "DELETE FROM idempotency_keys WHERE key IN (SELECT key FROM idempotency_keys"
        " WHERE created_at <= now() - " KEPT " LIMIT 1000 FOR UPDATE SKIP LOCKED)",
        0};
    struct err err = ERR_INIT;
    if (store->purged_ms && clock_ms() - store->purged_ms < PURGE_EVERY_MS)
        return;
    store->purged_ms = clock_ms();
    if (pg_execute(store->pg, &purge, NULL, NULL, deadline_in(store->timeout_ms), NULL, &err) != 0)
        log_debug("keys_not_purged", log_s("error", err.text));
}
