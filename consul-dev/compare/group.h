/* group: the servers of one kind of registry, each behind a proxy that counts the traffic of the services.
 *
 *     struct group group;
 *     group_start(&group, KIND_ETCD, &folder, &err);
 *     service_start(..., env with group.setting, ...);
 *     group_lose(&group);
 *     group_close(&group);
 */
#ifndef COMPARE_GROUP_H
#define COMPARE_GROUP_H

#include "compared.h"
#include "harness/cluster.h"
#include "proxy.h"

enum { GROUP_SERVERS = 3, ADDRESS_SIZE = 16, SETTING_SIZE = 320 };

struct group {
    const struct compared *kind;
    struct cluster cluster;             /* Consul: three servers and one agent, which the services use */
    struct server own[GROUP_SERVERS];   /* the others */
    char option[GROUP_SERVERS][2][512]; /* text that the servers' options point to */
    /* The servers that the services use. */
    struct entry {
        struct server *server;
        char address[ADDRESS_SIZE];
        struct proxy *proxy;
    } entries[GROUP_SERVERS];
    int entry_count;
    char setting[SETTING_SIZE]; /* for a service: "ETCD_ENDPOINTS=http://127.0.0.1:2379,…", the proxies */
};

/* Returns when all servers answer. On -1 nothing stays running. */
int group_start(struct group *group, enum kind kind, const struct folder *folder, struct err *err);
void group_close(struct group *group); /* may be called twice */

/* Kills the majority (Consul, etcd) or one peer (Nacos, Eureka). */
void group_lose(struct group *group);

/* All that went through the proxies since the start. */
struct traffic group_traffic(const struct group *group);

struct answer {
    int status; /* 0: no reply within ANSWER_LIMIT_MS */
    int64_t took_ms;
};
enum { ANSWER_LIMIT_MS = 10000 };
/* Sends one request to a server that group_lose() does not kill. */
struct answer group_ask(const struct group *group, enum direct_request request);

#endif
