/* cluster: Consul as in production: three servers, which elect a leader and save their
 * state on disk, and client agents, one for each machine that runs services.
 *
 * A member is a struct server: a test can kill, pause and restart it, and it keeps
 * its state.
 *
 *     struct cluster cluster;
 *     cluster_start(&cluster, &folder, &err);
 *     service_start(&users, &world, "user-service", env with CONSUL_HTTP_ADDR=cluster.clients[0].url, &err);
 *     server_kill(&cluster.servers[cluster_leader(&cluster)]);
 *     cluster_stop(&cluster);
 */
#ifndef HARNESS_CLUSTER_H
#define HARNESS_CLUSTER_H

#include "harness/server.h"

enum { CLUSTER_SERVERS = 3, CLUSTER_SERVERS_MAX = 5, CLUSTER_CLIENTS = 4 };

struct cluster {
    int server_count, client_count;
    struct server servers[CLUSTER_SERVERS_MAX], clients[CLUSTER_CLIENTS];
};

/* Starts it in `folder`, which must outlive it and holds one cluster only. On return
 * all members answer, so there is a leader. On -1 nothing stays running. */
int cluster_start(struct cluster *cluster, const struct folder *folder, struct err *err);
/* The same with other numbers of members: 1 to CLUSTER_SERVERS_MAX servers, 0 to CLUSTER_CLIENTS agents. */
int cluster_start_sized(struct cluster *cluster, int servers, int clients, const struct folder *folder,
                        struct err *err);
void cluster_stop(struct cluster *cluster); /* may be called twice */

/* The index of the leader, from the first server that reports one; -1: no server does. */
int cluster_leader(const struct cluster *cluster);
/* The same, once a server reports one: a cluster may lose its leader on a machine that stalls. -1: none in limit_ms. */
int cluster_await_leader(const struct cluster *cluster, int64_t limit_ms);

#endif
