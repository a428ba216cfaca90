#include "compared.h"

#include <stdio.h>
#include <string.h>

#include "group.h"

#define LOCAL "127.0.0.1"

/* The services use this server. */
static void add_entry(struct group *group, struct server *server, const char *address)
{
    struct entry *entry = &group->entries[group->entry_count++];
    *entry = (struct entry){.server = server};
    snprintf(entry->address, sizeof entry->address, "%s", address);
}

static int start_consul(struct group *group, const struct folder *folder, struct err *err)
{
    if (cluster_start_sized(&group->cluster, group->kind->servers, 1, folder, err) != 0)
        return -1;
    add_entry(group, &group->cluster.clients[0], LOCAL);
    return 0;
}

/* --- The others: their servers must know of each other before they start --------------------- */

static int take_ports(struct group *group, enum server_kind kind, const struct folder *folder, struct err *err)
{
    for (int i = 0; i < group->kind->servers; i++)
        if (server_init(&group->own[i], kind, folder, err) != 0)
            return -1;
    return 0;
}

static int start_all(struct group *group, struct err *err)
{
    for (int i = 0; i < group->kind->servers; i++)
        if (server_launch(&group->own[i], err) != 0)
            return -1;
    for (int i = 0; i < group->kind->servers; i++)
        if (server_wait_ready(&group->own[i], err) != 0)
            return -1;
    return 0;
}

/* Appends to a comma-separated list. */
static void add_to_list(char *list, size_t size, const char *item)
{
    size_t len = strlen(list);
    snprintf(list + len, size - len, "%s%s", strchr(list, '=')[1] ? "," : "", item);
}

static int start_etcd(struct group *group, const struct folder *folder, struct err *err)
{
    char members[512] = "--initial-cluster=", member[64];
    if (take_ports(group, SERVER_ETCD, folder, err) != 0)
        return -1;
    for (int i = 0; i < group->kind->servers; i++) {
        snprintf(member, sizeof member, "etcd-%d=http://" LOCAL ":%d", i + 1, group->own[i].inner[0].number);
        size_t len = strlen(members);
        snprintf(members + len, sizeof members - len, "%s%s", i ? "," : "", member);
    }
    for (int i = 0; i < group->kind->servers; i++) {
        snprintf(group->option[i][0], sizeof group->option[i][0], "--name=etcd-%d", i + 1);
        snprintf(group->option[i][1], sizeof group->option[i][1], "%s", members);
        group->own[i].options[0] = group->option[i][0];
        group->own[i].options[1] = group->option[i][1];
        add_entry(group, &group->own[i], LOCAL);
    }
    return start_all(group, err);
}

static int start_nacos(struct group *group, const struct folder *folder, struct err *err)
{
    char members[512] = "NACOS_MEMBERS=", member[64];
    if (take_ports(group, SERVER_NACOS, folder, err) != 0)
        return -1;
    for (int i = 0; i < group->kind->servers; i++) {
        snprintf(member, sizeof member, LOCAL ":%d", group->own[i].port.number);
        add_to_list(members, sizeof members, member);
    }
    snprintf(group->option[0][0], sizeof group->option[0][0], "%s", members);
    for (int i = 0; i < group->kind->servers; i++) {
        group->own[i].env[0] = group->option[0][0];
        add_entry(group, &group->own[i], LOCAL);
    }
    return start_all(group, err);
}

/* Peers with the same address would take each other for themselves. */
static int start_eureka(struct group *group, const struct folder *folder, struct err *err)
{
    char peers[512] = "EUREKA_PEERS=", peer[96], address[ADDRESS_SIZE];
    if (take_ports(group, SERVER_EUREKA, folder, err) != 0)
        return -1;
    for (int i = 0; i < group->kind->servers; i++) {
        struct server *server = &group->own[i];
        snprintf(address, sizeof address, "127.0.0.%d", i + 1);
        snprintf(server->url, sizeof server->url, "http://%s:%d/eureka", address, server->port.number);
        snprintf(peer, sizeof peer, "%s/", server->url);
        add_to_list(peers, sizeof peers, peer);
        snprintf(group->option[i][0], sizeof group->option[i][0], "EUREKA_ADDRESS=%s", address);
        server->env[0] = group->option[i][0];
        add_entry(group, server, address);
    }
    snprintf(group->option[0][1], sizeof group->option[0][1], "%s", peers);
    for (int i = 0; i < group->kind->servers; i++)
        group->own[i].env[1] = group->option[0][1];
    return start_all(group, err);
}

/* --- The table ------------------------------------------------------------------------------- */

#define JSON "Content-Type: application/json"

const struct compared compared[KINDS] = {
    [KIND_CONSUL] = {.title = "Consul",
                     .limit_s = 20,
                     .minutes = 3,
                     .setting = "CONSUL_HTTP_ADDR",
                     .format = "http://" LOCAL ":%d",
                     .servers = 3,
                     .lost = 2,
                     .start = start_consul,
                     .direct = {[READ_LIST] = {"GET", "/v1/health/service/user-service"},
                                [REGISTER_ONE] = {"PUT", "/v1/agent/service/register",
                                                  "{\"Name\":\"direct\",\"ID\":\"direct-1\",\"Port\":1}"}}},
    /* Keys and values in base64: /services/a. Only the lease of a real registration is left out. */
    [KIND_ETCD] = {.title = "etcd",
                   .limit_s = 20,
                   .minutes = 3,
                   .setting = "ETCD_ENDPOINTS",
                   .format = "http://" LOCAL ":%d",
                   .servers = 3,
                   .lost = 2,
                   .start = start_etcd,
                   .direct = {[READ_LIST] = {"POST", "/v3/kv/range", "{\"key\":\"L3NlcnZpY2VzL2E=\"}"},
                              [REGISTER_ONE] = {"POST", "/v3/kv/put",
                                                "{\"key\":\"L3NlcnZpY2VzL2E=\",\"value\":\"e30=\"}"}}},
    [KIND_NACOS] = {.title = "Nacos",
                    .limit_s = 30,
                    .minutes = 4,
                    .java = "nacos-3",
                    .setting = "NACOS_SERVER_ADDR",
                    .format = LOCAL ":%d",
                    .servers = 2,
                    .lost = 1,
                    .start = start_nacos,
                    .direct = {[READ_LIST] = {"GET", "/nacos/v3/client/ns/instance/list?serviceName=user-service"},
                               [REGISTER_ONE] = {"POST",
                                                 "/nacos/v3/client/ns/instance?serviceName=direct&ip=127.0.0.1&port=1",
                                                 ""}}},
    [KIND_EUREKA] =
        {.title = "Eureka",
         .limit_s = 90,
         .minutes = 7,
         .java = "eureka",
         .setting = "EUREKA_URL",
         .format = "http://" LOCAL ":%d/eureka",
         .servers = 2,
         .lost = 1,
         .start = start_eureka,
         .direct =
             {[READ_LIST] = {"GET", "/eureka/apps/USER-SERVICE", NULL, {"Accept: application/json"}},
              [REGISTER_ONE] =
                  {"POST",
                   "/eureka/apps/DIRECT",
                   "{\"instance\":{\"instanceId\":\"direct-1\",\"hostName\":\"127.0.0.1\",\"app\":\"DIRECT\","
                   "\"ipAddr\":\"127.0.0.1\",\"status\":\"UP\",\"port\":{\"$\":1,\"@enabled\":\"true\"},"
                   "\"dataCenterInfo\":{\"@class\":\"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo\","
                   "\"name\":\"MyOwn\"}}}",
                   {JSON, "Accept: application/json"}}}},
};
