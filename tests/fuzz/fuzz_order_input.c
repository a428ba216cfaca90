/* Fuzzes the checks of POST /orders: its bodies, and Idempotency-Key headers. */
#include "../../order-service/order_input.c"

#include "fuzz/fuzz.h"

static void read_body(const char *body, size_t len)
{
    struct err err = ERR_INIT;
    struct order_input input;
    json_t *object = NULL;
    if (input_object(body, len, &object, &err) != 0)
        return;
    int verdict = order_input_read(object, &input, &err);
    if (verdict == 0 ? !*input.item || input.quantity < 1 || input.quantity > QUANTITY_MAX
                     : verdict != 422 || err.code == ERR_NONE)
        abort();
    json_decref(object);
}

FUZZ(text, len)
{
    read_body(text, len);
    if (order_input_is_key(text) && strlen(text) > IDEMPOTENCY_KEY_MAX)
        abort();
}
