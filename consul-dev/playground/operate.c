#include "operate.h"

#include <stdio.h>

#include "observers.h"

int operate_maintenance(const struct model *model, const struct node *node, bool on, struct err *err)
{
    return put_node(model, node, "/control",
                    on ? "{\"maintenance\":true,\"reason\":\"a button of the page\"}" : "{\"maintenance\":false}", err);
}

int operate_weight(const struct model *model, const struct node *node, int weight, struct err *err)
{
    char body[40];
    snprintf(body, sizeof body, "{\"weight\":%d}", weight);
    return put_node(model, node, "/control", body, err);
}
