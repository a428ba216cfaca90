#include "faults/stand_in.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/env.h"
#include "loop/loop.h"
#include "loop/sync.h"

enum { CLOSED_PORT_POLL_MS = 50 }; /* between two tries to accept on a closed port */

struct listener {
    int fd;
    struct socket_watch *watch;
    bool is_control;
};

static struct stand_in {
    const struct stand_in_config *config;
    const struct fault *fault;
    struct listener service, control;
    struct group fibers;
    struct connection *connections;
    int64_t since_ms; /* of the last change of the fault */
    uint64_t counts[STAND_IN_KINDS_MAX], redirects_followed;
} stand_in;

bool stand_in_fault_is_on(const struct connection *connection)
{
    return connection->fault == stand_in.fault;
}

bool stand_in_answers_at_once(void)
{
    return !stand_in.fault->keeps_blocking;
}

void stand_in_wake_all(void)
{
    for (struct connection *connection = stand_in.connections; connection; connection = connection->next)
        socket_watch_wake(connection->watch);
}

void stand_in_shape_error(const struct request *request, struct reply *reply)
{
    if (stand_in.config->shape_error)
        stand_in.config->shape_error(request, reply);
}

const char *stand_in_flood(void)
{
    return stand_in.config->flood;
}

int64_t stand_in_since_ms(void)
{
    return stand_in.since_ms;
}

uint16_t stand_in_control_port(void)
{
    return socket_port(stand_in.control.fd);
}

/* --- The current fault ------------------------------------------------------------------------ */

static const struct fault *find_fault(const char *name)
{
    for (const struct fault *const *table = stand_in.config->faults; *table; table++)
        for (const struct fault *fault = *table; fault->name; fault++)
            if (strcmp(fault->name, name) == 0)
                return fault;
    return NULL;
}

static void close_all_connections(void)
{
    for (struct connection *connection = stand_in.connections; connection; connection = connection->next)
        if (!connection->is_control)
            shutdown(connection->fd, SHUT_RDWR);
}

/* On Linux, a listening socket that is shut down refuses connections but keeps its port, so
 * that no other program gets it meanwhile. */
static void set_fault(const struct fault *fault)
{
    if (fault->closes_port) {
        shutdown(stand_in.service.fd, SHUT_RDWR);
        close_all_connections();
    } else if (stand_in.fault && stand_in.fault->closes_port) {
        listen(stand_in.service.fd, SOMAXCONN);
    }
    stand_in.fault = fault;
    stand_in.since_ms = clock_ms();
    stand_in.redirects_followed = 0;
    memset(stand_in.counts, 0, sizeof stand_in.counts);
    if (stand_in.config->on_fault_change)
        stand_in.config->on_fault_change();
    stand_in_wake_all();
}

/* --- The control port -------------------------------------------------------------------------- */

static void list_faults(struct buf *out)
{
    for (const struct fault *const *table = stand_in.config->faults; *table; table++)
        for (const struct fault *fault = *table; fault->name; fault++)
            buf_addf(out, "%c %-14s %s\n", fault == stand_in.fault ? '*' : ' ', fault->name, fault->description);
}

static void list_requests(struct buf *out)
{
    buf_addf(out, "{\"fault\":\"%s\",\"since_ms\":%" PRId64 ",\"followed\":%" PRIu64, stand_in.fault->name,
             clock_ms() - stand_in.since_ms, stand_in.redirects_followed);
    for (int i = 0; i < STAND_IN_KINDS_MAX && stand_in.config->kinds[i]; i++)
        buf_addf(out, ",\"%s\":%" PRIu64, stand_in.config->kinds[i], stand_in.counts[i]);
    buf_adds(out, "}\n");
}

static void set_fault_by_request(const struct request *request, struct reply *reply)
{
    const struct fault *fault = find_fault(request->path + strlen("/fault/"));
    if (!fault || strcmp(request->method, "PUT") != 0) {
        reply->status = 404;
        buf_adds(&reply->body, "no such fault: want PUT /fault/NAME, with a name from GET /faults\n");
        return;
    }
    set_fault(fault);
    buf_addf(&reply->body, "%s: %s\n", fault->name, fault->description);
}

static bool answer_control_request(struct connection *connection, const struct request *request)
{
    struct reply reply = {.status = 200, .head = BUF_INIT(256), .body = BUF_INIT(64 * 1024)};
    if (strncmp(request->path, "/fault/", strlen("/fault/")) == 0) {
        set_fault_by_request(request, &reply);
    } else if (strcmp(request->path, "/faults") == 0) {
        list_faults(&reply.body);
    } else if (strcmp(request->path, "/requests") == 0) {
        list_requests(&reply.body);
    } else if (strcmp(request->path, "/trap") == 0) { /* the target of the redirect fault */
        stand_in.redirects_followed++;
        buf_adds(&reply.body, "[]");
    } else {
        reply.status = 404;
        buf_adds(&reply.body, "no such path: want PUT /fault/NAME, GET /faults or GET /requests\n");
    }
    bool sent = connection_send_reply(connection, &reply);
    reply_close(&reply);
    return sent;
}

/* --- The service port ------------------------------------------------------------------------------ */

static bool answer_request(struct connection *connection, struct request *request)
{
    struct reply reply = {.status = 200, .head = BUF_INIT(64 * 1024), .body = BUF_INIT(64 * 1024 * 1024)};
    request->kind = stand_in.config->kind_of(request);
    stand_in.counts[request->kind]++;
    stand_in.config->answer(connection, request, &reply);

    const struct fault *fault = connection->fault = stand_in.fault;
    if (fault->change)
        fault->change(request, &reply);
    bool keep = fault->send ? fault->send(connection, &reply) : connection_send_reply(connection, &reply);
    reply_close(&reply);
    return keep;
}

static void serve_connection(void *arg)
{
    struct connection *connection = arg;
    struct request request = {.kind = 0};
    bool keep = true;
    while (keep && connection_read(connection, &request))
        keep = connection->is_control ? answer_control_request(connection, &request) : answer_request(connection, &request);
    request_close(&request);
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    socket_watch_close(connection->watch);
    close(connection->fd);
    free(connection);
}

static void add_connection(const struct listener *listener, int fd)
{
    struct connection *connection = calloc(1, sizeof *connection);
    struct socket_watch *watch = connection ? socket_watch_new(fd) : NULL;
    if (!watch || group_go(&stand_in.fibers, serve_connection, connection) != 0) {
        if (watch)
            socket_watch_close(watch);
        free(connection);
        close(fd);
        return;
    }
    *connection = (struct connection){.fd = fd, .watch = watch, .is_control = listener->is_control,
                                       .next = stand_in.connections, .link = &stand_in.connections};
    if (connection->next)
        connection->next->link = &connection->next;
    stand_in.connections = connection;
}

/* Without this the body of each reply waits for the caller to confirm the head: up to 40 ms. */
static void send_at_once(int fd)
{
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static void accept_connections(void *arg)
{
    struct listener *listener = arg;
    while (!fiber_cancelled()) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            send_at_once(fd);
            add_connection(listener, fd);
        } else if (errno == EAGAIN) {
            socket_watch_park(listener->watch, SOCKET_READABLE, DEADLINE_NONE);
        } else {
            fiber_sleep(CLOSED_PORT_POLL_MS);
        }
    }
}

/* --- Start and stop ------------------------------------------------------------------------------------ */

static int open_listener(struct listener *listener, int64_t port, struct err *err)
{
    listener->fd = socket_listen("127.0.0.1", (uint16_t)port, err);
    if (listener->fd < 0)
        return -1;
    listener->watch = socket_watch_new(listener->fd);
    return listener->watch ? 0 : err_set(err, ERR_FAILED, "out of memory");
}

static void close_listener(struct listener *listener)
{
    if (listener->watch)
        socket_watch_close(listener->watch);
    if (listener->fd >= 0)
        close(listener->fd);
}

static void print_commands(void)
{
    unsigned port = stand_in_control_port();
    stand_in.config->print_how_to_use(socket_port(stand_in.service.fd));
    printf("  switch a fault on   curl -X PUT http://127.0.0.1:%u/fault/hang     (off: fault/none)\n"
           "  list all faults     curl http://127.0.0.1:%u/faults\n"
           "  count requests      curl http://127.0.0.1:%u/requests\n"
           "current fault: %s: %s\n",
           port, port, port, stand_in.fault->name, stand_in.fault->description);
    fflush(stdout);
}

struct ports {
    int64_t service, control;
    struct err err;
};

static void run(void *arg)
{
    struct ports *ports = arg;
    stand_in.service.fd = stand_in.control.fd = -1;
    stand_in.control.is_control = true;
    if (open_listener(&stand_in.service, ports->service, &ports->err) == 0 &&
        open_listener(&stand_in.control, ports->control, &ports->err) == 0 &&
        group_go(&stand_in.fibers, accept_connections, &stand_in.service) == 0 &&
        group_go(&stand_in.fibers, accept_connections, &stand_in.control) == 0) {
        set_fault(stand_in.fault);
        print_commands();
        loop_catch_signals();
        loop_next_signal(DEADLINE_NONE);
        loop_release_signals();
    }
    group_cancel(&stand_in.fibers);
    group_join(&stand_in.fibers);
    close_listener(&stand_in.service);
    close_listener(&stand_in.control);
}

static int print_usage(void)
{
    fprintf(stderr, "usage: %s [--port N] [--control N] %s[FAULT]\n", stand_in.config->program, stand_in.config->options);
    return 2;
}

/* 0, or -1: an argument is not valid. */
static int read_arguments(int argc, char **argv, struct ports *ports)
{
    const struct stand_in_config *config = stand_in.config;
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (strncmp(name, "--", 2) != 0) {
            if (!(stand_in.fault = find_fault(name)))
                return -1;
            continue;
        }
        const char *value = argv[++i]; /* argv ends with NULL */
        int64_t *port = strcmp(name, "--port") == 0 ? &ports->service
                        : strcmp(name, "--control") == 0 ? &ports->control : NULL;
        if (!value || (!port && (!config->set_option || config->set_option(name, value) != 0)))
            return -1;
        if (port && (env_parse_int(value, port) != 0 || *port < 0 || *port > 65535))
            return -1;
    }
    if (ports->control < 0)
        ports->control = ports->service < 65535 ? ports->service + 1 : 0;
    return ports->service > 0 ? 0 : -1; /* not 0: a port that the kernel chose could be lost while it is closed */
}

int stand_in_main(const struct stand_in_config *config, int argc, char **argv)
{
    struct ports ports = {.service = config->port, .control = -1, .err = ERR_INIT};
    stand_in.config = config;
    stand_in.fault = find_fault("none");
    if (read_arguments(argc, argv, &ports) != 0)
        return print_usage();
    loop_open();
    loop_run(run, &ports);
    loop_close();
    if (ports.err.code == ERR_NONE)
        return 0;
    fprintf(stderr, "%s: %s\n", config->program, ports.err.text);
    return 1;
}
