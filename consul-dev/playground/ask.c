/* One GET or PUT to a node, and its reply. */
#include <stdio.h>
#include <string.h>

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

int put_node(const struct model *model, const struct node *node, const char *path, const char *body, struct err *err)
{
    char host[sizeof node->host], id[sizeof node->id];
    struct http_response response = HTTP_RESPONSE_INIT;
    snprintf(host, sizeof host, "%s", node->host);
    snprintf(id, sizeof id, "%s", node->id);
    const struct http_call call = {
        .method = "PUT",
        .host = host,
        .port = (uint16_t)node->port,
        .path = path,
        .headers = body ? (const char *const[]){"Content-Type: application/json", NULL} : NULL,
        .body = body,
        .body_len = body ? strlen(body) : 0,
        .deadline = deadline_in(CHANGE_LIMIT_MS),
        .body_cap = ANSWER_MAX,
    };
    int status = http_call(model->http, &call, &response, err) == 0 ? response.status : 0;
    if (status != 0 && status != 200)
        err_set(err, ERR_CONFLICT, "%.60s answered %d: %.100s", id, status, buf_text(&response.body));
    http_response_close(&response);
    return status == 200 ? 0 : -1;
}

const char *text_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}
