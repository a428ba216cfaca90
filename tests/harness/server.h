/* server: a real PostgreSQL, Redis, Consul or etcd that a test may ill-treat.
 *
 * A server keeps its port for its whole life, PostgreSQL and etcd their data: so it can
 * be absent at first, come, be killed, hang and come back, and its clients find
 * it again at the same address. The launchers in consul-dev/ do the rest.
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
    SERVER_CONSUL_MEMBER, /* of a cluster: see cluster.h */
    SERVER_ETCD,
};

struct server {
    enum server_kind kind;
    struct port port;
    struct port inner[2]; /* those among its like: of Consul two, of etcd one */
    struct proc proc;
    const char *options[5]; /* set before the start: more of the server's own; NULL at the end */
    char folder[PLACE_PATH_MAX];
    char url[128]; /* as DATABASE_URL, REDIS_URL, CONSUL_HTTP_ADDR or ETCD_ENDPOINTS want it */
};

/* Takes its ports and a place inside `folder`, which must outlive it. */
int server_init(struct server *server, enum server_kind kind, const struct folder *folder, struct err *err);
/* Before the start: to this very port, unless somebody has it. */
int server_prefer_port(struct server *server, int number, struct err *err);
/* Starts it and waits until it answers: a query, a PING, or that it has a leader. */
int server_start(struct server *server, struct err *err);
/* The same in two steps, so that several can start at once. */
int server_launch(struct server *server, struct err *err);
int server_wait_ready(struct server *server, struct err *err); /* after -1 it is ended */
/* Does it answer right now? */
bool server_answers(const struct server *server);

void server_stop(struct server *server);  /* orderly, clients or not */
void server_kill(struct server *server);  /* -9; it is gone on return */
void server_pause(struct server *server); /* hangs: accepts connections, answers nothing */
void server_resume(struct server *server);

/* Stops it and gives the port back; may be called twice. Zero-initialised is allowed. */
void server_close(struct server *server);

/* Runs an SQL file, or (file NULL) one statement, in a PostgreSQL. */
int server_sql(const struct server *postgres, const char *file, const char *statement, struct err *err);

#endif
