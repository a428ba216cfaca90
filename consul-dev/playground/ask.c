/* One GET to a node, and its reply as JSON. */
#include <stdio.h>

#include "base/clock.h"
#include "net/http_client.h"
#include "observers.h"

int ask_node(const struct model *model, const struct node *node, const char *path, json_t **out, struct err *err)
{
    char host[sizeof node->host];
    struct http_response response = HTTP_RESPONSE_INIT;
    snprintf(host, sizeof host, "%s", node->host); /* the node may be removed while we wait */
    const struct http_call call = {
        .host = host,
        .port = (uint16_t)node->port,
        .path = path,
        .deadline = deadline_in(ASK_LIMIT_MS),
        .body_cap = ANSWER_MAX,
    };
    int status = http_call(model->http, &call, &response, err) == 0 ? response.status : 0;
    struct err ignored = ERR_INIT;
    *out = status ? json_parse_new(buf_text(&response.body), response.body.len, &ignored) : NULL;
    http_response_close(&response);
    return status;
}

const char *text_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}
