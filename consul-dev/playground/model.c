#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "user-service-9" before "user-service-10". */
static bool comes_before(const struct node *a, const struct node *b)
{
    return a->kind != b->kind ? a->kind < b->kind : strverscmp(a->id, b->id) < 0;
}

struct node *model_add(struct model *model, enum node_kind kind, const char *id)
{
    struct node *node = model->node_count < NODES_MAX ? calloc(1, sizeof *node) : NULL;
    if (!node)
        return NULL;
    node->kind = kind;
    node->weight = 1;
    snprintf(node->id, sizeof node->id, "%s", id);
    snprintf(node->host, sizeof node->host, "127.0.0.1");
    size_t at = model->node_count++;
    for (; at > 0 && comes_before(node, model->nodes[at - 1]); at--)
        model->nodes[at] = model->nodes[at - 1];
    model->nodes[at] = node;
    return node;
}

void model_remove(struct model *model, struct node *node)
{
    size_t at = 0;
    while (model->nodes[at] != node)
        at++;
    memmove(&model->nodes[at], &model->nodes[at + 1], (model->node_count - at - 1) * sizeof(struct node *));
    model->node_count--;
    node->removed = true;
    if (!node->watched)
        node_free(node);
}

struct node *model_find(const struct model *model, const char *id)
{
    for (size_t i = 0; i < model->node_count; i++)
        if (strcmp(model->nodes[i]->id, id) == 0)
            return model->nodes[i];
    return NULL;
}

struct node *model_first(const struct model *model, enum node_kind kind)
{
    for (size_t i = 0; i < model->node_count; i++)
        if (model->nodes[i]->kind == kind)
            return model->nodes[i];
    return NULL;
}

void mark(struct model *model, const char *code, const struct node *node, const char *text)
{
    marks_add(&model->marks, code, node ? node->id : "", text);
}

double model_share(const struct model *model, const struct node *node)
{
    int64_t sum = 0;
    for (size_t i = 0; i < model->node_count; i++)
        sum += model->nodes[i]->picks - model->nodes[i]->picks_before;
    return sum > 0 ? (double)(node->picks - node->picks_before) / (double)sum : node->share_before;
}

void model_restart_shares(struct model *model)
{
    for (size_t i = 0; i < model->node_count; i++)
        model->nodes[i]->share_before = model_share(model, model->nodes[i]);
    for (size_t i = 0; i < model->node_count; i++)
        model->nodes[i]->picks_before = model->nodes[i]->picks;
}
