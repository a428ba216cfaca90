#include "refusal.h"

int64_t number_member(const json_t *request, const char *name, int64_t min, int64_t max, int64_t fallback)
{
    const json_t *value = json_object_get(request, name);
    if (!value)
        return fallback;
    int64_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    return number >= min && number <= max ? number : -1;
}

int refuse(struct refusal *refusal, int status, const char *code, const char *text)
{
    refusal->status = status;
    refusal->code = code;
    return err_set(&refusal->err, ERR_INVALID, "%s", text);
}

int wrong_value(struct refusal *refusal, const char *text)
{
    return refuse(refusal, 422, "wrong_value", text);
}

int cannot(struct refusal *refusal, const char *code)
{
    refusal->status = refusal->err.code == ERR_CONFLICT ? 409 : 503;
    refusal->code = code;
    return -1;
}
