/* observers: fibers that look at the services and servers from outside, as any program could.
 *
 * They ask each service for its /health, order-service for what it knows (/discovery and
 * /discovery/explain), and Consul for its list. What has changed becomes a mark.
 */
#ifndef PLAYGROUND_OBSERVERS_H
#define PLAYGROUND_OBSERVERS_H

#include "model.h"
#include "net/json.h"

enum {
    ASK_LIMIT_MS = 1500,
    CHANGE_LIMIT_MS = 5000, /* Consul writes a change to its disk before it answers */
    ANSWER_MAX = 4 * 1024 * 1024,
};

/* Asks this node for its health until it is removed or the fibers are cancelled. */
void observe_node(struct model *model, struct node *node);
/* In observe mode others start instances: adds the one that a list names, unless it is known. NULL: it is not known. */
struct node *observe_instance(struct model *model, const char *id);
/* Removes it if neither list has it any more. */
void observe_departure(struct model *model, struct node *node);
/* Run as fibers, until they are cancelled. */
void observe_orders(void *model);
void observe_consul(void *model);

/* GET from a node. The status, or 0 with err. *out: JSON, or NULL; the caller frees it. */
int ask_node(const struct model *model, const struct node *node, const char *path, json_t **out, struct err *err);
/* PUT to a node. body: JSON, or NULL for none. 0: it answered 200. -1 with err; ERR_CONFLICT: it answered another
 * status. Waits; the node may have been removed when it returns. */
int put_node(const struct model *model, const struct node *node, const char *path, const char *body, struct err *err);
/* The string or "" of an object's member. */
const char *text_member(const json_t *object, const char *name);

#endif
