#include "members.h"

#include <stdio.h>
#include <string.h>

#define LOCAL "127.0.0.1"

/* The services use this server. */
static void add_entry(struct members *members, struct server *server, const char *address)
{
    struct entry *entry = &members->entries[members->entry_count++];
    *entry = (struct entry){.server = server};
    snprintf(entry->address, sizeof entry->address, "%s", address);
}

int start_consul(struct members *members, int count, const struct folder *folder, struct err *err)
{
    if (cluster_start_sized(&members->cluster, count, 1, folder, err) != 0)
        return -1;
    add_entry(members, &members->cluster.clients[0], LOCAL);
    return 0;
}

/* --- The others: their servers must know of each other before they start --------------------- */

static int take_ports(struct members *members, int count, enum server_kind kind, const struct folder *folder,
                      struct err *err)
{
    for (int i = 0; i < count; i++)
        if (server_init(&members->own[i], kind, folder, err) != 0)
            return -1;
    return 0;
}

static int start_all(struct members *members, int count, struct err *err)
{
    for (int i = 0; i < count; i++)
        if (server_launch(&members->own[i], err) != 0)
            return -1;
    for (int i = 0; i < count; i++)
        if (server_wait_ready(&members->own[i], err) != 0)
            return -1;
    return 0;
}

/* Appends to a comma-separated list. */
static void add_to_list(char *list, size_t size, const char *item)
{
    size_t len = strlen(list);
    snprintf(list + len, size - len, "%s%s", strchr(list, '=')[1] ? "," : "", item);
}

int start_etcd(struct members *members, int count, const struct folder *folder, struct err *err)
{
    char list[512] = "--initial-cluster=", item[64];
    if (take_ports(members, count, SERVER_ETCD, folder, err) != 0)
        return -1;
    for (int i = 0; i < count; i++) {
        snprintf(item, sizeof item, "etcd-%d=http://" LOCAL ":%d", i + 1, members->own[i].inner[0].number);
        add_to_list(list, sizeof list, item);
    }
    for (int i = 0; i < count; i++) {
        snprintf(members->option[i][0], sizeof members->option[i][0], "--name=etcd-%d", i + 1);
        snprintf(members->option[i][1], sizeof members->option[i][1], "%s", list);
        members->own[i].options[0] = members->option[i][0];
        members->own[i].options[1] = members->option[i][1];
        add_entry(members, &members->own[i], LOCAL);
    }
    return start_all(members, count, err);
}

int start_nacos(struct members *members, int count, const struct folder *folder, struct err *err)
{
    char *list = members->option[0][0], item[64];
    if (take_ports(members, count, SERVER_NACOS, folder, err) != 0)
        return -1;
    snprintf(list, sizeof members->option[0][0], "NACOS_MEMBERS=");
    for (int i = 0; i < count; i++) {
        snprintf(item, sizeof item, LOCAL ":%d", members->own[i].port.number);
        add_to_list(list, sizeof members->option[0][0], item);
        members->own[i].env[0] = list;
        add_entry(members, &members->own[i], LOCAL);
    }
    return start_all(members, count, err);
}

/* Peers with the same address would take each other for themselves. */
int start_eureka(struct members *members, int count, const struct folder *folder, struct err *err)
{
    char *list = members->option[0][1], item[96], address[ADDRESS_SIZE];
    if (take_ports(members, count, SERVER_EUREKA, folder, err) != 0)
        return -1;
    snprintf(list, sizeof members->option[0][1], "EUREKA_PEERS=");
    for (int i = 0; i < count; i++) {
        struct server *server = &members->own[i];
        snprintf(address, sizeof address, "127.0.0.%d", i + 1);
        snprintf(server->url, sizeof server->url, "http://%s:%d/eureka", address, server->port.number);
        snprintf(item, sizeof item, "%s/", server->url);
        add_to_list(list, sizeof members->option[0][1], item);
        snprintf(members->option[i][0], sizeof members->option[i][0], "EUREKA_ADDRESS=%s", address);
        server->env[0] = members->option[i][0];
        server->env[1] = list;
        add_entry(members, server, address);
    }
    return start_all(members, count, err);
}

/* --- End ------------------------------------------------------------------------------------- */

void members_kill(struct members *members, int count)
{
    struct server *servers = members->cluster.server_count ? members->cluster.servers : members->own;
    for (int i = 0; i < count; i++)
        server_kill(&servers[i]);
}

void members_close(struct members *members)
{
    for (int i = 0; i < MEMBERS_MAX; i++)
        server_kill(&members->own[i]); /* a Java server takes its time to end cleanly, and its data is not kept */
    for (int i = 0; i < MEMBERS_MAX; i++)
        server_close(&members->own[i]);
    cluster_stop(&members->cluster);
}
