/* observers: fibers that look at the services and servers from outside, as any program could.
 *
 * They ask each service for its /health, order-service for what it knows (/discovery and
 * /discovery/explain), and Consul for its list. What has changed becomes a mark.
 */
#ifndef PLAYGROUND_OBSERVERS_H
#define PLAYGROUND_OBSERVERS_H

#include "loop/sync.h"
#include "model.h"
#include "net/json.h"

enum { ASK_LIMIT_MS = 1500, ANSWER_MAX = 4 * 1024 * 1024 };

/* Asks this node for its health until it is removed or the fibers are cancelled. */
void observe_node(struct model *model, struct group *fibers, struct node *node);
/* What the next two get. */
struct observer {
    struct model *model;
    struct group *fibers; /* for the nodes that are found */
};
/* Run as fibers, until they are cancelled. */
void observe_orders(void *observer);
void observe_consul(void *observer);

/* GET from a node. The status, or 0 with err. *out: JSON, or NULL; the caller frees it. */
int ask_node(const struct model *model, const struct node *node, const char *path, json_t **out, struct err *err);
/* The string or "" of an object's member. */
const char *text_member(const json_t *object, const char *name);

#endif
