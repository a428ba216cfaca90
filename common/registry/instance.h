/* instance: one running copy of a service, and a list of them.
 *
 * A list is built once, then never changes: a new answer is a new list. So it
 * can be handed around by reference, and a request that holds one sees it whole
 * to its end, whatever the watch learns meanwhile. Entries are sorted by id,
 * bytewise, so that two callers who know the same see the same order.
 */
#ifndef REGISTRY_INSTANCE_H
#define REGISTRY_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum instance_status {
    INSTANCE_PASSING,
    INSTANCE_WARNING,  /* used, with its warning weight */
    INSTANCE_CRITICAL, /* shown, not picked while any other can be */
};

struct instance {
    const char *id;
    const char *address; /* IPv4, IPv6 (no brackets) or a host name */
    const char *zone;    /* "" where none */
    const char *version; /* "" where none */
    uint16_t port;
    int weight;         /* while passing, 1 to 65535 */
    int warning_weight; /* while in warning */
    enum instance_status status;
    bool maintenance; /* an operator's order: never picked, not even in fail open */
    bool node_down;   /* its node's own check is critical: picked last */
    size_t place;     /* private: which entry of the answer it was */
};

struct instance_list {
    size_t count;
    struct instance *at; /* sorted by id */
    size_t dropped;      /* entries of the answer that could not be used */
    char dropped_why[160]; /* the first of them: id and reason; "" where none */
    /* private */
    int references;
    size_t size;
    struct arena_block *strings;
};

/* An empty list with one reference, which the caller owns. NULL: out of memory. */
struct instance_list *instance_list_new(void);
/* Copies the instance in, or drops it, counted and named, where its id, address
 * or port cannot be used (instance_check). False only out of memory. Only before finish. */
bool instance_list_add(struct instance_list *list, const struct instance *instance);
/* Counts one more entry as dropped (what a parser could not read). */
void instance_list_drop(struct instance_list *list, const char *id, const char *why);
/* Sorts; of entries with the same id keeps the first. From now on it is constant. */
void instance_list_finish(struct instance_list *list);

struct instance_list *instance_list_ref(struct instance_list *list); /* returns it; NULL stays NULL */
void instance_list_unref(struct instance_list *list);                /* NULL is allowed */

/* By bisection; NULL where there is none. */
const struct instance *instance_list_find(const struct instance_list *list, const char *id);
/* The same entries with the same contents? (What was dropped does not count.) */
bool instance_list_equal(const struct instance_list *a, const struct instance_list *b);

/* 0, or -1 with ERR_INVALID: id of 1 to 255 printable characters; address IPv4, IPv6 or a host name of
 * letters, digits, '.', '-', '_' (at most 255); port 1 to 65535. */
int instance_check(const struct instance *instance, struct err *err);

/* All in one word, as Consul's own UI shows it: an operator's order and a dead
 * node are critical, whatever the instance's own checks say. */
enum instance_status instance_overall_status(const struct instance *instance);

/* "passing", "warning", "critical" */
const char *instance_status_name(enum instance_status status);

#endif
