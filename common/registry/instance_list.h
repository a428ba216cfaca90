/* instance_list: the instances of a service, as a registry listed them.
 *
 * A list is built once and never changes: a new reply makes a new list. So a list is shared by reference,
 * and a request keeps the list that it began with until it ends. Entries are sorted by id and node, bytewise,
 * so that two callers with the same entries have the same order.
 */
#ifndef REGISTRY_INSTANCE_LIST_H
#define REGISTRY_INSTANCE_LIST_H

#include "registry/instance.h"

struct instance_list {
    size_t count;
    struct instance *at; /* sorted by id, then by node */
    size_t dropped;        /* unusable entries of the reply */
    char dropped_why[160]; /* id and reason of the first of them; "" for none */
    /* private */
    int references;
    size_t size;
    struct arena_block *strings;
};

/* An empty list with one reference, which the caller owns. NULL: out of memory. */
struct instance_list *instance_list_new(void);
/* Adds a copy, or drops the instance if instance_check rejects it. False only if out of memory. Only before
 * instance_list_finish. */
bool instance_list_add(struct instance_list *list, const struct instance *instance);
/* Counts an entry that a parser could not read. */
void instance_list_drop(struct instance_list *list, const char *id, const char *why);
/* Sorts the list. Of entries that cannot be told apart one stays: that with the better status, between equals
 * the later change. These are entries with one id at one node, or with one id at one address and port, where
 * only one process can listen. From now on the list is constant. */
void instance_list_finish(struct instance_list *list);

struct instance_list *instance_list_ref(struct instance_list *list); /* returns the list; NULL is allowed */
void instance_list_unref(struct instance_list *list);                /* NULL is allowed */

/* The first with this id, by binary search; NULL if there is none. Borrowed. */
const struct instance *instance_list_find(const struct instance_list *list, const char *id);
/* As above, with the id and the node of this instance, which may be of another list. */
const struct instance *instance_list_find_same(const struct instance_list *list, const struct instance *instance);
/* Finds the same instance in two lists: <0, 0 or >0 for entry i of a and entry k of b, in the order of both
 * lists, so one walk over both finds all. The id decides. The node counts only if one of the lists has several
 * entries with this id: an instance that is alone stays the same when it moves to another node, or when the
 * next list comes from a source without nodes. */
int instance_list_match(const struct instance_list *a, size_t i, const struct instance_list *b, size_t k);
/* True if both have the same entries with the same contents. Dropped entries do not count. */
bool instance_list_equal(const struct instance_list *a, const struct instance_list *b);

#endif
