/* cluster: Consul as in production: three servers, which elect a leader and keep
 * what they know on disk, and client agents, one for each machine with services.
 *
 * Its members are servers like all others: each may be killed, hang, and come back
 * with what it knew.
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

enum { CLUSTER_SERVERS = 3, CLUSTER_CLIENTS = 4 };

struct cluster {
    struct server servers[CLUSTER_SERVERS], clients[CLUSTER_CLIENTS];
};

/* In `folder`, which must outlive it and takes one cluster. All answer on return,
 * so there is a leader. After -1 nothing is left of it. */
int cluster_start(struct cluster *cluster, const struct folder *folder, struct err *err);
void cluster_stop(struct cluster *cluster); /* may be called twice */

/* Which server leads, as the first one that knows says; -1 where none does. */
int cluster_leader(const struct cluster *cluster);

#endif
