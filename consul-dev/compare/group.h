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
#include "harness/proxy.h"

enum { SETTING_SIZE = 320 };

struct group {
    const struct compared *kind;
    struct members members;
    struct proxy *proxies[MEMBERS_MAX]; /* one for each entry */
    char setting[SETTING_SIZE];         /* for a service: "ETCD_ENDPOINTS=http://127.0.0.1:2379,…", the proxies */
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
