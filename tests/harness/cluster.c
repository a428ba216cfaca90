#include "harness/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/http_probe.h"

enum { QUERY_TIMEOUT_MS = 500 };

static const char *const server_names[CLUSTER_SERVERS_MAX] = {"consul-server-1", "consul-server-2", "consul-server-3",
                                                              "consul-server-4", "consul-server-5"};
static const char *const client_names[CLUSTER_CLIENTS] = {"consul-client-1", "consul-client-2", "consul-client-3",
                                                          "consul-client-4"};
static const char *const sizes[CLUSTER_SERVERS_MAX + 1] = {"0", "1", "2", "3", "4", "5"};

static int count_members(const struct cluster *cluster)
{
    return cluster->server_count + cluster->client_count;
}

static struct server *member_at(struct cluster *cluster, int i)
{
    return i < cluster->server_count ? &cluster->servers[i] : &cluster->clients[i - cluster->server_count];
}

static const char *name_at(const struct cluster *cluster, int i)
{
    return i < cluster->server_count ? server_names[i] : client_names[i - cluster->server_count];
}

/* The launcher would choose the ports itself. Ours stay reserved, so that no other process takes one while a member
 * is down. */
static int write_members(struct cluster *cluster, const struct folder *folder, struct err *err)
{
    char path[PLACE_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/consul-members", folder->path);
    FILE *file = fopen(path, "w");
    if (!file)
        return err_set(err, ERR_FAILED, "cannot write %s", path);
    for (int i = 0; i < count_members(cluster); i++) {
        const struct server *member = member_at(cluster, i);
        fprintf(file, "%s %d %d\n", name_at(cluster, i), member->inner[0].number, member->inner[1].number);
    }
    return fclose(file) == 0 ? 0 : err_set(err, ERR_FAILED, "cannot write %s", path);
}

static int start_members(struct cluster *cluster, const struct folder *folder, struct err *err)
{
    for (int i = 0; i < count_members(cluster); i++) {
        struct server *member = member_at(cluster, i);
        if (server_init(member, SERVER_CONSUL_MEMBER, folder, err) != 0)
            return -1;
        member->options[0] = name_at(cluster, i);
        member->options[1] = sizes[cluster->server_count];
    }
    if (write_members(cluster, folder, err) != 0)
        return -1;
    for (int i = 0; i < count_members(cluster); i++)
        if (server_launch(member_at(cluster, i), err) != 0)
            return -1;
    for (int i = 0; i < count_members(cluster); i++)
        if (server_wait_ready(member_at(cluster, i), err) != 0)
            return -1;
    return 0;
}

int cluster_start_sized(struct cluster *cluster, int servers, int clients, const struct folder *folder, struct err *err)
{
    *cluster = (struct cluster){.server_count = servers, .client_count = clients};
    if (start_members(cluster, folder, err) == 0)
        return 0;
    cluster_stop(cluster);
    return -1;
}

int cluster_start(struct cluster *cluster, const struct folder *folder, struct err *err)
{
    return cluster_start_sized(cluster, CLUSTER_SERVERS, CLUSTER_CLIENTS, folder, err);
}

void cluster_stop(struct cluster *cluster)
{
    for (int i = 0; i < count_members(cluster); i++)
        server_close(member_at(cluster, i));
}

/* The server-to-server port of the leader that `server` reports; 0: it reports none. */
static int leader_port(const struct server *server)
{
    char url[192];
    snprintf(url, sizeof url, "%s/v1/status/leader", server->url);
    struct probe_reply reply = {0};
    struct err err = ERR_INIT;
    int port = 0;
    if (probe_send(NULL, &(struct probe_request){.url = url, .timeout_ms = QUERY_TIMEOUT_MS}, &reply, &err) == 0) {
        const char *colon = strrchr(buf_text(&reply.body), ':');
        port = colon ? atoi(colon + 1) : 0;
    }
    probe_reply_close(&reply);
    return port;
}

int cluster_leader(const struct cluster *cluster)
{
    int port = 0;
    for (int i = 0; i < cluster->server_count && port == 0; i++)
        port = leader_port(&cluster->servers[i]);
    for (int i = 0; i < cluster->server_count; i++)
        if (port && cluster->servers[i].inner[0].number == port)
            return i;
    return -1;
}

struct election {
    const struct cluster *cluster;
    int leader;
};

static bool has_leader(void *arg)
{
    struct election *election = arg;
    election->leader = cluster_leader(election->cluster);
    return election->leader >= 0;
}

int cluster_await_leader(const struct cluster *cluster, int64_t limit_ms)
{
    struct election election = {cluster, -1};
    wait_until(has_leader, &election, limit_ms);
    return election.leader;
}
