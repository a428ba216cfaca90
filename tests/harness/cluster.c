#include "harness/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/http_probe.h"

enum { MEMBERS = CLUSTER_SERVERS + CLUSTER_CLIENTS, QUERY_TIMEOUT_MS = 500 };

static const char *const names[MEMBERS] = {"consul-server-1", "consul-server-2", "consul-server-3", "consul-client-1",
                                           "consul-client-2", "consul-client-3", "consul-client-4"};

static struct server *member_at(struct cluster *cluster, int i)
{
    return i < CLUSTER_SERVERS ? &cluster->servers[i] : &cluster->clients[i - CLUSTER_SERVERS];
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
    for (int i = 0; i < MEMBERS; i++) {
        const struct server *member = member_at(cluster, i);
        fprintf(file, "%s %d %d\n", names[i], member->inner[0].number, member->inner[1].number);
    }
    return fclose(file) == 0 ? 0 : err_set(err, ERR_FAILED, "cannot write %s", path);
}

static int start_members(struct cluster *cluster, const struct folder *folder, struct err *err)
{
    for (int i = 0; i < MEMBERS; i++) {
        struct server *member = member_at(cluster, i);
        if (server_init(member, SERVER_CONSUL_MEMBER, folder, err) != 0)
            return -1;
        member->options[0] = names[i];
    }
    if (write_members(cluster, folder, err) != 0)
        return -1;
    for (int i = 0; i < MEMBERS; i++)
        if (server_launch(member_at(cluster, i), err) != 0)
            return -1;
    for (int i = 0; i < MEMBERS; i++)
        if (server_wait_ready(member_at(cluster, i), err) != 0)
            return -1;
    return 0;
}

int cluster_start(struct cluster *cluster, const struct folder *folder, struct err *err)
{
    memset(cluster, 0, sizeof *cluster);
    if (start_members(cluster, folder, err) == 0)
        return 0;
    cluster_stop(cluster);
    return -1;
}

void cluster_stop(struct cluster *cluster)
{
    for (int i = 0; i < MEMBERS; i++)
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
    for (int i = 0; i < CLUSTER_SERVERS && port == 0; i++)
        port = leader_port(&cluster->servers[i]);
    for (int i = 0; i < CLUSTER_SERVERS; i++)
        if (port && cluster->servers[i].inner[0].number == port)
            return i;
    return -1;
}
