/* Fuzzes the checks of input from clients: each body or id is accepted, or rejected with 400 or 422 and a reason. */
#include "fuzz/fuzz.h"
#include "service/input.h"

FUZZ_BYTES(body, len)
{
    struct err err = ERR_INIT;
    json_t *object = NULL;
    const char *text;
    int64_t number;
    if (input_is_id(body, len) && (len > ID_DIGITS_MAX || *body == '0'))
        abort();
    int verdict = input_object(body, len, &object, &err);
    if (verdict != 0) {
        if ((verdict != 400 && verdict != 422) || err.code == ERR_NONE)
            abort();
        return;
    }
    if (input_text(object, "text", 1, 10, &text, &err) == 0 && (strlen(text) > 40 || strpbrk(text, "\r\n\t")))
        abort();
    if (input_whole(object, "number", 1, 9, &number, &err) == 0 && (number < 1 || number > 9))
        abort();
    if (input_id(object, "id", &text, &err) == 0 && !input_is_id(text, strlen(text)))
        abort();
    json_decref(object);
}
