/* server: a real PostgreSQL, PgBouncer, Redis, Consul or etcd that a test can stop, kill and pause.
 *
 * A server keeps its port from server_init() to server_close(), and PostgreSQL and etcd
 * keep their data. So it can start late, be killed, hang and return, and its clients
 * find it at the same address. The launchers consul-dev/run-* start it.
 *
 *     struct server postgres;
 *     server_init(&postgres, SERVER_POSTGRES, &folder, &err);   // nothing runs yet
 *     server_start(&postgres, &err);                            // returns when it answers
 *     server_kill(&postgres); server_start(&postgres, &err);
 *     server_close(&postgres);
 */
#ifndef HARNESS_SERVER_H
#define HARNESS_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/place.h"
#include "harness/proc.h"

enum server_kind {
    SERVER_POSTGRES,
    SERVER_REDIS,
    SERVER_CONSUL,
    SERVER_CONSUL_MEMBER, /* a member of a cluster: see cluster.h */
    SERVER_ETCD,
    SERVER_PGBOUNCER, /* options: the port of a PostgreSQL, and the pool mode */
    SERVER_NACOS,     /* version 3; needs Java, as the next two */
    SERVER_NACOS_2,
    SERVER_EUREKA,
};

struct server {
    enum server_kind kind;
    struct port port;
    struct port inner[2]; /* ports between servers of a cluster: two for Consul, one for etcd */
    struct port dns;      /* of SERVER_CONSUL, for UDP and TCP: see dns.h */
    struct proc proc;
    const char *options[5]; /* more command-line options, set before the start; ends with NULL */
    const char *env[4];     /* "NAME=value" for the launcher, set before the start; ends with NULL */
    char folder[PLACE_PATH_MAX];
    char url[128]; /* for DATABASE_URL, REDIS_URL, CONSUL_HTTP_ADDR, ETCD_ENDPOINTS, NACOS_SERVER_ADDR or EUREKA_URL */
};

/* Takes its ports, and creates its folder inside `folder`, which must outlive it. */
int server_init(struct server *server, enum server_kind kind, const struct folder *folder, struct err *err);
/* Before the start: takes this port instead, unless another process listens on it. */
int server_prefer_port(struct server *server, int number, struct err *err);
/* Starts it and waits until it answers a query (PostgreSQL), PING (Redis), or has a leader. */
int server_start(struct server *server, struct err *err);
/* The same in two steps, so that several can start at once. */
int server_launch(struct server *server, struct err *err);
int server_wait_ready(struct server *server, struct err *err); /* on -1 the server is killed */
/* True if it answers now. */
bool server_answers(const struct server *server);

void server_stop(struct server *server);  /* clean shutdown, does not wait for its clients */
void server_kill(struct server *server);  /* SIGKILL; it has ended on return */
void server_pause(struct server *server); /* SIGSTOP: it hangs; connections succeed, but get no reply */
void server_resume(struct server *server);

/* Stops it and releases its ports; may be called twice, also on a zero-initialised server. */
void server_close(struct server *server);

/* How pg_stat_activity names the connections of server_sql(). */
#define SERVER_SQL_NAME "test"
/* Runs an SQL file, or the statements if file is NULL: in one transaction, unless they begin one themselves. */
int server_sql(const struct server *postgres, const char *file, const char *statement, struct err *err);

#endif
