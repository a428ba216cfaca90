#include "warning.h"

#include <stdio.h>

#include "observers.h"

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
    warning_check_id(node, check);
    describe_check(node, check, body, sizeof body);
    snprintf(path, sizeof path, "/v1/agent/check/%s%s", on ? "register" : "deregister/", on ? "" : check);
    return put_node(model, model_first(model, NODE_CONSUL), path, on ? body : NULL, err);
}
