#include "warning.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/http_client.h"
#include "observers.h"

enum { CHANGE_LIMIT_MS = 5000 }; /* Consul writes a check to its disk before it answers */

void warning_check_id(const struct node *node, char out[CHECK_ID_MAX])
{
    snprintf(out, CHECK_ID_MAX, "warning:%s", node->id);
}

/* A TTL check keeps the status that it was registered with until its time is over. */
static void describe_check(const struct node *node, const char *check, char *out, size_t size)
{
    snprintf(out, size,
             "{\"ID\":\"%s\",\"Name\":\"Warning from the playground\",\"ServiceID\":\"%s\",\"TTL\":\"24h\","
             "\"Status\":\"warning\",\"Notes\":\"set by a button of the page\"}",
             check, node->id);
}

int warning_set(const struct model *model, const struct node *node, bool on, struct err *err)
{
    char check[CHECK_ID_MAX], path[CHECK_ID_MAX + 40], body[CHECK_ID_MAX + TARGET_MAX + 200];
    struct http_response response = HTTP_RESPONSE_INIT;
    const struct node *consul = model_first(model, NODE_CONSUL);
    warning_check_id(node, check);
    describe_check(node, check, body, sizeof body);
    snprintf(path, sizeof path, "/v1/agent/check/%s%s", on ? "register" : "deregister/", on ? "" : check);
    const struct http_call call = {
        .method = "PUT",
        .host = "127.0.0.1",
        .port = (uint16_t)consul->port,
        .path = path,
        .headers = on ? (const char *const[]){"Content-Type: application/json", NULL} : NULL,
        .body = on ? body : NULL,
        .body_len = on ? strlen(body) : 0,
        .deadline = deadline_in(CHANGE_LIMIT_MS),
        .body_cap = ANSWER_MAX,
    };
    int status = http_call(model->http, &call, &response, err) == 0 ? response.status : 0;
    if (status != 0 && status != 200)
        err_set(err, ERR_CONFLICT, "Consul answered %d: %.100s", status, buf_text(&response.body));
    http_response_close(&response);
    return status == 200 ? 0 : -1;
}
