#include "harness/server.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "harness/http_probe.h"

/* initdb on a busy machine takes seconds; the election of Consul's leader about one. */
enum { START_LIMIT_MS = 60000, JAVA_START_LIMIT_MS = 240000, STOP_LIMIT_MS = 10000, REPLY_LIMIT_S = 1 };
#define SQL_CONNECT_LIMIT_S "60"

/* --- Readiness ------------------------------------------------------------------------ */

static bool postgres_answers(const struct server *server)
{
    char url[192];
    snprintf(url, sizeof url, "%s?connect_timeout=2", server->url); /* 2 s is the shortest that libpq accepts */
    PGconn *conn = PQconnectdb(url);
    PGresult *result = PQexec(conn, "SELECT 1");
    bool answers = PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    PQfinish(conn);
    return answers;
}

static bool redis_answers(const struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)server->port.number),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char reply[8] = "";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = REPLY_LIMIT_S}, sizeof(struct timeval));
    bool answers = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                   send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 && recv(fd, reply, 7, MSG_WAITALL) == 7 &&
                   strcmp(reply, "+PONG\r\n") == 0;
    close(fd);
    return answers;
}

static bool consul_answers(const struct server *server)
{
    char url[192];
    snprintf(url, sizeof url, "%s/v1/status/leader", server->url);
    struct probe_reply reply = {0};
    /* The body is a JSON string; "" means no leader yet. */
    bool answers = probe_get(NULL, url, &reply) == 200 && reply.body.len > 2;
    probe_reply_close(&reply);
    return answers;
}

static bool etcd_answers(const struct server *server)
{
    char url[192];
    snprintf(url, sizeof url, "%s/health", server->url);
    struct probe_reply reply = {0};
    /* "true" is in the body only if there is a leader. */
    bool answers = probe_get(NULL, url, &reply) == 200 && strstr(buf_text(&reply.body), "\"true\"") != NULL;
    probe_reply_close(&reply);
    return answers;
}

static bool answers_200(const struct server *server, const char *path)
{
    char url[192];
    snprintf(url, sizeof url, "%s%s", server->url, path);
    struct probe_reply reply = {0};
    bool answers = probe_get(NULL, url, &reply) == 200;
    probe_reply_close(&reply);
    return answers;
}

static bool nacos_answers(const struct server *server)
{
    return answers_200(server, "/nacos/v3/admin/core/state/readiness");
}

static bool nacos_2_answers(const struct server *server)
{
    return answers_200(server, "/nacos/v2/console/health/readiness");
}

/* 401: it wants a user. */
static bool eureka_answers(const struct server *server)
{
    char url[192];
    snprintf(url, sizeof url, "%s/apps", server->url);
    struct probe_reply reply = {0};
    int status = probe_get(NULL, url, &reply);
    probe_reply_close(&reply);
    return status == 200 || status == 401;
}

/* --- The kinds ------------------------------------------------------------------------ */

/* Raft, and gRPC for clients and for other servers. */
static const int nacos_offsets[] = {-1000, 1000, 1001, 0};

static const struct kind {
    const char *name, *url;
    int inner_ports;
    int stop_signal;
    bool (*answers)(const struct server *server);
    const char *options[3]; /* of the server, added after the launcher's */
    const char *env;        /* for the launcher; NULL: none */
    int start_limit_ms;     /* 0: START_LIMIT_MS */
    const int *offsets;     /* of the ports that it takes besides its own; NULL: none */
} kinds[] = {
    /* SIGINT: on SIGTERM it would wait for its clients. fsync=off: it matters only in a power failure. */
    [SERVER_POSTGRES] =
        {.name = "postgres", "postgresql://lesson:lesson@127.0.0.1:%d/lesson", 0, SIGINT, postgres_answers, {"-c", "fsync=off"}},
    [SERVER_REDIS] = {.name = "redis", "redis://127.0.0.1:%d/0", 0, SIGTERM, redis_answers, {NULL}},
    [SERVER_CONSUL] = {.name = "consul", "http://127.0.0.1:%d", 2, SIGTERM, consul_answers, {NULL}},
    [SERVER_CONSUL_MEMBER] = {.name = "consul-cluster", "http://127.0.0.1:%d", 2, SIGTERM, consul_answers, {NULL}},
    [SERVER_ETCD] = {.name = "etcd", "http://127.0.0.1:%d", 1, SIGTERM, etcd_answers, {NULL}},
    [SERVER_PGBOUNCER] =
        {.name = "pgbouncer", "postgresql://lesson:lesson@127.0.0.1:%d/lesson", 0, SIGTERM, postgres_answers, {NULL}},
    [SERVER_NACOS] = {.name = "nacos", "http://127.0.0.1:%d", 0, SIGTERM, nacos_answers, {NULL}, NULL, JAVA_START_LIMIT_MS,
                       nacos_offsets},
    [SERVER_NACOS_2] = {.name = "nacos", "http://127.0.0.1:%d", 0, SIGTERM, nacos_2_answers, {NULL}, "NACOS_VERSION=2",
                        JAVA_START_LIMIT_MS, nacos_offsets},
    [SERVER_EUREKA] = {.name = "eureka", "http://127.0.0.1:%d/eureka", 0, SIGTERM, eureka_answers, {NULL}, NULL,
                       JAVA_START_LIMIT_MS},
};

/* Consul's gossip and DNS use UDP, too. */
static int take_more(enum server_kind kind, struct port *port, struct err *err)
{
    bool udp = kind == SERVER_CONSUL || kind == SERVER_CONSUL_MEMBER;
    return udp ? port_take_with(port, NULL, err) : port_take(port, err);
}

int server_init(struct server *server, enum server_kind kind, const struct folder *folder, struct err *err)
{
    *server = (struct server){.kind = kind};
    const int *offsets = kinds[kind].offsets;
    if ((offsets ? port_take_with(&server->port, offsets, err) : port_take(&server->port, err)) != 0)
        return -1;
    for (int i = 0; i < kinds[kind].inner_ports; i++)
        if (take_more(kind, &server->inner[i], err) != 0)
            return -1;
    if (kind == SERVER_CONSUL && take_more(kind, &server->dns, err) != 0)
        return -1;
    snprintf(server->folder, sizeof server->folder, "%.*s/%s-%d", PLACE_PATH_MAX - 32, folder->path, kinds[kind].name,
             server->port.number);
    snprintf(server->url, sizeof server->url, kinds[kind].url, server->port.number);
    if (mkdir(server->folder, 0711) != 0)
        return err_set(err, ERR_FAILED, "cannot create %s", server->folder);
    return 0;
}

int server_prefer_port(struct server *server, int number, struct err *err)
{
    port_release(&server->port);
    if (port_prefer(&server->port, number, err) != 0)
        return -1;
    snprintf(server->url, sizeof server->url, kinds[server->kind].url, server->port.number);
    return 0;
}

/* --- Start and stop ------------------------------------------------------------------------ */

int server_launch(struct server *server, struct err *err)
{
    const struct kind *kind = &kinds[server->kind];
    char source[PLACE_PATH_MAX], scratch[PLACE_PATH_MAX], launcher[PLACE_PATH_MAX + 64];
    char template[PLACE_PATH_MAX + 32], log[PLACE_PATH_MAX + 8], port[16], inner[48], dns[24];
    source_path(source);
    scratch_path(scratch);
    snprintf(launcher, sizeof launcher, "%s/consul-dev/run-%s", source, kind->name);
    snprintf(template, sizeof template, "PG_TEMPLATE=%s/pg-template", scratch);
    snprintf(log, sizeof log, "%s/log", server->folder);
    snprintf(port, sizeof port, "%d", server->port.number);
    snprintf(inner, sizeof inner, "INNER_PORTS=%d %d", server->inner[0].number, server->inner[1].number);
    snprintf(dns, sizeof dns, server->dns.number ? "DNS_PORT=%d" : "DNS_PORT=-1", server->dns.number);

    const char *argv[3 + 2 + 5] = {launcher, server->folder, port};
    size_t count = 3;
    for (const char *const *option = kind->options; *option; option++)
        argv[count++] = *option;
    memcpy(argv + count, server->options, sizeof server->options);
    const char *env[5 + 4] = {"DIE_WITH_PARENT=1", template, inner, dns};
    size_t set = 4;
    if (kind->env)
        env[set++] = kind->env;
    for (const char *const *more = server->env; *more; more++)
        env[set++] = *more;
    return proc_start(&server->proc, argv, env, log, err);
}

static bool answers_or_ended(void *arg)
{
    struct server *server = arg;
    return server_answers(server) || !proc_is_running(&server->proc);
}

int server_wait_ready(struct server *server, struct err *err)
{
    int limit_ms = kinds[server->kind].start_limit_ms ? kinds[server->kind].start_limit_ms : START_LIMIT_MS;
    if (wait_until(answers_or_ended, server, limit_ms) && proc_is_running(&server->proc))
        return 0;
    char *output = proc_output(&server->proc);
    size_t len = strlen(output);
    err_set(err, ERR_FAILED, "cannot start %s: %s", kinds[server->kind].name, output + (len > 180 ? len - 180 : 0));
    free(output);
    server_kill(server);
    return -1;
}

int server_start(struct server *server, struct err *err)
{
    return server_launch(server, err) == 0 ? server_wait_ready(server, err) : -1;
}

bool server_answers(const struct server *server)
{
    return kinds[server->kind].answers(server);
}

void server_stop(struct server *server)
{
    proc_stop(&server->proc, kinds[server->kind].stop_signal, STOP_LIMIT_MS);
}

void server_kill(struct server *server)
{
    proc_kill_all(&server->proc, STOP_LIMIT_MS);
}

void server_pause(struct server *server)
{
    proc_pause(&server->proc);
}

void server_resume(struct server *server)
{
    proc_resume(&server->proc);
}

void server_close(struct server *server)
{
    server_stop(server);
    port_release(&server->port);
    port_release(&server->inner[0]);
    port_release(&server->inner[1]);
    port_release(&server->dns);
}

static char *text_of(const char *file)
{
    char *text = NULL;
    size_t len = 0;
    FILE *in = fopen(file, "re");
    if (in && getdelim(&text, &len, '\0', in) < 0) {
        free(text);
        text = NULL;
    }
    if (in)
        fclose(in);
    return text;
}

int server_sql(const struct server *postgres, const char *file, const char *statement, struct err *err)
{
    char *text = file ? text_of(file) : NULL;
    if (file && !text)
        return err_set(err, ERR_FAILED, "cannot read %s", file);
    /* (A query has the limit of its test's suite.) */
    PGconn *conn = PQconnectdbParams((const char *[]){"dbname", "connect_timeout", "application_name", NULL},
                                     (const char *[]){postgres->url, SQL_CONNECT_LIMIT_S, SERVER_SQL_NAME, NULL}, 1);
    PGresult *result = PQexec(conn, text ? text : statement);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!done)
        err_set(err, ERR_FAILED, "%s", PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
    free(text);
    return done ? 0 : -1;
}
