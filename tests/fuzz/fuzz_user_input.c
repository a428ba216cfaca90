/* Fuzzes the checks of POST /users. */
#include "../../user-service/user_input.c"

#include "fuzz/fuzz.h"

FUZZ_BYTES(body, len)
{
    struct err err = ERR_INIT;
    struct user_input input;
    json_t *object = NULL;
    if (input_object(body, len, &object, &err) != 0)
        return;
    int verdict = user_input_read(object, &input, &err);
    if (verdict == 0 ? !strchr(input.email, '@') || !*input.name : verdict != 422 || err.code == ERR_NONE)
        abort();
    json_decref(object);
}
