/* node: one process of the picture: a server or an instance of a service, and what is known of it.
 *
 * Each source has its own fields, because they may say different things: the process itself,
 * Consul, order-service, and the calls of the load.
 */
#ifndef PLAYGROUND_NODE_H
#define PLAYGROUND_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "marks.h"

struct process;

enum { DETAIL_MAX = 240 };

/* In the order of the picture. */
enum node_kind { NODE_CONSUL, NODE_ETCD, NODE_POSTGRES, NODE_REDIS, NODE_ORDERS, NODE_USERS };

enum process_state {
    PROCESS_UNKNOWN, /* not ours: in observe mode */
    PROCESS_STARTING,
    PROCESS_RUNNING,
    PROCESS_HUNG,     /* SIGSTOP */
    PROCESS_DRAINING, /* SIGTERM was sent */
    PROCESS_ENDED,
    PROCESS_KILLED,
};

/* What a node answers when it is asked itself. */
enum health { HEALTH_UNKNOWN, HEALTH_GOOD, HEALTH_BAD, HEALTH_DRAINING };

/* What a list of instances says; absent: the list does not have it. */
enum listing { LISTING_ABSENT, LISTING_PASSING, LISTING_WARNING, LISTING_CRITICAL, LISTING_MISSING };

struct node {
    char id[TARGET_MAX];
    enum node_kind kind;
    char host[256]; /* "127.0.0.1" for our own */
    int port;       /* 0: not known */
    int weight;
    char zone[TARGET_MAX], version[TARGET_MAX];

    struct process *process; /* NULL in observe mode */
    enum process_state process_state;
    bool is_next; /* it has not been started yet, but will be: shown as starting, not as gone */
    int pid;      /* 0: none */

    enum health health;
    char health_detail[DETAIL_MAX]; /* which check fails, and why */

    enum listing consul; /* what Consul says … */
    char consul_output[DETAIL_MAX];
    bool warned;         /* Consul has our second check of it: see warning.h */
    bool in_maintenance; /* Consul says so: see operate.h */
    enum listing orders; /* … and what order-service knows */
    bool ejected;
    int64_t picks, picks_before; /* before: when the list or the settings last changed */
    double share_before;         /* its share of the picks until then */

    uint32_t calls, failed; /* in the last full second */
    bool watched;           /* a fiber asks it for its health */
    bool removed;           /* that fiber frees it */
};

void node_free(struct node *node);

bool node_is_service(const struct node *node);
bool node_is_alive(const struct node *node); /* false only if its process has ended */

#endif
