#include "service/request.h"

#include "service/input.h"

const char *request_id(struct http_request *req)
{
    struct http_text id = http_param(req);
    if (input_is_id(id.text, id.len))
        return id.text;
    http_problem(req, 400, "an id is 1 to 19 digits without leading zero, 1 to 9223372036854775807");
    return NULL;
}

json_t *request_object_new(struct http_request *req)
{
    if (!http_body_is_json(req)) {
        http_problem(req, 415, "want Content-Type: application/json");
        return NULL;
    }
    struct http_text body = http_body(req);
    struct err err = ERR_INIT;
    json_t *object = NULL;
    int rejected = input_object(body.text ? body.text : "", body.len, &object, &err);
    if (rejected)
        http_problem(req, rejected, "%s", err.text);
    return object;
}
