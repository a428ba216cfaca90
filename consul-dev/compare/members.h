/* members: the servers of one kind of registry, which know of each other. */
#ifndef COMPARE_MEMBERS_H
#define COMPARE_MEMBERS_H

#include "harness/cluster.h"

enum { MEMBERS_MAX = 3, ADDRESS_SIZE = 16 };

struct members {
    struct cluster cluster;           /* Consul: its servers and one agent, which the services use */
    struct server own[MEMBERS_MAX];   /* the others */
    char option[MEMBERS_MAX][2][512]; /* text that the servers' options point to */
    /* The servers that the services use. */
    struct entry {
        struct server *server;
        char address[ADDRESS_SIZE];
    } entries[MEMBERS_MAX];
    int entry_count;
};

/* Each starts `count` servers in the folder, and returns when all answer. On -1 some may run. */
typedef int start_members(struct members *members, int count, const struct folder *folder, struct err *err);
start_members start_consul, start_etcd, start_nacos, start_eureka;

/* Kills the first `count` of them: not the one that is the last entry. */
void members_kill(struct members *members, int count);
void members_close(struct members *members); /* may be called twice */

#endif
