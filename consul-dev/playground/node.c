#include "node.h"

#include <stdlib.h>

void node_free(struct node *node)
{
    free(node->process);
    free(node);
}

bool node_is_service(const struct node *node)
{
    return node->kind == NODE_ORDERS || node->kind == NODE_USERS;
}

bool node_is_alive(const struct node *node)
{
    return node->process_state != PROCESS_ENDED && node->process_state != PROCESS_KILLED;
}
