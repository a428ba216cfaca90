/* instance: one running copy of a service, as a registry lists it.
 *
 * Consul's ids are unique only on one node. When an instance moves, its old node may still list the same id,
 * at an address without a process. So entries with one id at two nodes are two instances.
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
    INSTANCE_CRITICAL, /* listed, but picked only if every instance is critical */
};

struct instance {
    const char *id;
    const char *node;    /* the machine whose agent registered it; "" if the source names none */
    const char *address; /* IPv4, IPv6 (no brackets) or a host name */
    const char *zone;    /* "" for none */
    const char *version; /* "" for none */
    const char *tags;    /* "v1,c"; "" for none */
    uint16_t port;
    int weight;         /* while passing, 1 to 65535 */
    int warning_weight; /* while in warning */
    enum instance_status status;
    bool maintenance; /* set by an operator: never picked, not even in fail open */
    bool node_down;   /* its node's own check is critical: picked last */
    uint64_t change;  /* the index of its last change; only compared within one reply */
    size_t position;  /* private: the entry's place in the reply */
};

/* 0, or -1 with ERR_INVALID: id of 1 to 255 printable characters; address IPv4, IPv6 or a host name of
 * letters, digits, '.', '-', '_' (at most 255); port 1 to 65535. */
int instance_check(const struct instance *instance, struct err *err);

/* One status for everything, as Consul's own UI shows it: maintenance and a node that is down are critical,
 * whatever the instance's own checks say. */
enum instance_status instance_overall_status(const struct instance *instance);

/* "passing", "warning", "critical" */
const char *instance_status_name(enum instance_status status);

/* By id, then by node: the order of a list. */
int instance_order(const struct instance *a, const struct instance *b);
/* The same id at another address is another process. */
bool instance_has_moved(const struct instance *before, const struct instance *now);

#endif
