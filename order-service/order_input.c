#include "order_input.h"

#include <string.h>

#include "service/input.h"

enum { QUANTITY_MAX = 1000000 };

int order_input_read(const json_t *object, struct order_input *input, struct err *err)
{
    int verdict = input_id(object, "user_id", &input->user_id, err);
    if (verdict == 0)
        verdict = input_text(object, "item", 1, ITEM_MAX_CHARACTERS, &input->item, err);
    if (verdict == 0)
        verdict = input_whole(object, "quantity", 1, QUANTITY_MAX, &input->quantity, err);
    return verdict;
}

bool order_input_is_key(const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < len; i++)
        if (key[i] < ' ' || key[i] > '~')
            return false;
    return len >= 1 && len <= IDEMPOTENCY_KEY_MAX;
}
