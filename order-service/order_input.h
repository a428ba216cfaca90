/* order_input: checks the body of POST /orders. Pure functions, no I/O: a JSON
 * object in, the order's values or an error out. */
#ifndef ORDER_INPUT_H
#define ORDER_INPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { ITEM_MAX_CHARACTERS = 200, IDEMPOTENCY_KEY_MAX = 255 };

struct order_input {
    const char *user_id;
    const char *item;
    int64_t quantity; /* 1 to 1,000,000 */
};

/* 0, or the status to reply (service/input.h). The texts are borrowed from `object`. */
int order_input_read(const json_t *object, struct order_input *input, struct err *err);

/* 1 to 255 printable ASCII characters. */
bool order_input_is_key(const char *key);

#endif
