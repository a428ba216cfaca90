#include "faults/stand.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/env.h"
#include "loop/loop.h"
#include "loop/sync.h"

enum { SHUT_MS = 50 }; /* how often a port that is shut is looked at */

struct door {
    int fd;
    struct socket_watch *watch;
    bool is_control;
};

static struct stand {
    const struct stand_config *config;
    const struct fault *fault;
    struct door service, control;
    struct group fibers;
    struct peer *peers;
    int64_t since_ms; /* of the last switch */
    uint64_t counts[STAND_KINDS_MAX], followed;
} stand;

bool stand_still_plays(const struct peer *peer)
{
    return peer->playing == stand.fault;
}

bool stand_answers_at_once(void)
{
    return !stand.fault->keeps_waiting;
}

void stand_wake_all(void)
{
    for (struct peer *peer = stand.peers; peer; peer = peer->next)
        socket_watch_wake(peer->watch);
}

uint16_t stand_control_port(void)
{
    return socket_port(stand.control.fd);
}

/* --- Which fault is on ------------------------------------------------------------------------ */

static const struct fault *find_fault(const char *name)
{
    for (const struct fault *const *table = stand.config->faults; *table; table++)
        for (const struct fault *fault = *table; fault->name; fault++)
            if (strcmp(fault->name, name) == 0)
                return fault;
    return NULL;
}

static void hang_up_on_all(void)
{
    for (struct peer *peer = stand.peers; peer; peer = peer->next)
        if (!peer->is_control)
            shutdown(peer->fd, SHUT_RDWR);
}

/* A listening socket that is shut down refuses, and yet keeps its port, so that
 * no other program gets it meanwhile. (So it is on Linux.) */
static void switch_to(const struct fault *fault)
{
    if (fault->closes_port) {
        shutdown(stand.service.fd, SHUT_RDWR);
        hang_up_on_all();
    } else if (stand.fault && stand.fault->closes_port) {
        listen(stand.service.fd, SOMAXCONN);
    }
    stand.fault = fault;
    stand.since_ms = clock_ms();
    stand.followed = 0;
    memset(stand.counts, 0, sizeof stand.counts);
    if (stand.config->on_switch)
        stand.config->on_switch();
    stand_wake_all();
}

/* --- The control port -------------------------------------------------------------------------- */

static void list_faults(struct buf *out)
{
    for (const struct fault *const *table = stand.config->faults; *table; table++)
        for (const struct fault *fault = *table; fault->name; fault++)
            buf_addf(out, "%c %-14s %s\n", fault == stand.fault ? '*' : ' ', fault->name, fault->what);
}

static void list_requests(struct buf *out)
{
    buf_addf(out, "{\"fault\":\"%s\",\"since_ms\":%" PRId64 ",\"followed\":%" PRIu64, stand.fault->name,
             clock_ms() - stand.since_ms, stand.followed);
    for (int i = 0; i < STAND_KINDS_MAX && stand.config->kinds[i]; i++)
        buf_addf(out, ",\"%s\":%" PRIu64, stand.config->kinds[i], stand.counts[i]);
    buf_adds(out, "}\n");
}

static void switch_by_request(const struct request *request, struct reply *reply)
{
    const struct fault *fault = find_fault(request->path + strlen("/fault/"));
    if (!fault || strcmp(request->method, "PUT") != 0) {
        reply->status = 404;
        buf_adds(&reply->body, "want PUT /fault/NAME, with a name of GET /faults\n");
        return;
    }
    switch_to(fault);
    buf_addf(&reply->body, "%s: %s\n", fault->name, fault->what);
}

static bool control(struct peer *peer, const struct request *request)
{
    struct reply reply = {.status = 200, .head = BUF_INIT(256), .body = BUF_INIT(64 * 1024)};
    if (strncmp(request->path, "/fault/", strlen("/fault/")) == 0) {
        switch_by_request(request, &reply);
    } else if (strcmp(request->path, "/faults") == 0) {
        list_faults(&reply.body);
    } else if (strcmp(request->path, "/requests") == 0) {
        list_requests(&reply.body);
    } else if (strcmp(request->path, "/trap") == 0) { /* where the redirect leads */
        stand.followed++;
        buf_adds(&reply.body, "[]");
    } else {
        reply.status = 404;
        buf_adds(&reply.body, "want PUT /fault/NAME, GET /faults or GET /requests\n");
    }
    bool sent = peer_send_reply(peer, &reply);
    reply_close(&reply);
    return sent;
}

/* --- The service's port --------------------------------------------------------------------------- */

static bool serve(struct peer *peer, struct request *request)
{
    struct reply reply = {.status = 200, .head = BUF_INIT(64 * 1024), .body = BUF_INIT(64 * 1024 * 1024)};
    request->kind = stand.config->kind_of(request);
    stand.counts[request->kind]++;
    stand.config->answer(peer, request, &reply);

    const struct fault *fault = peer->playing = stand.fault;
    if (fault->spoil)
        fault->spoil(request, &reply);
    bool keep = fault->send ? fault->send(peer, &reply) : peer_send_reply(peer, &reply);
    reply_close(&reply);
    return keep;
}

static void converse(void *arg)
{
    struct peer *peer = arg;
    struct request request = {.kind = 0};
    while (peer_read(peer, &request) && (peer->is_control ? control(peer, &request) : serve(peer, &request))) {
    }
    request_close(&request);
    *peer->link = peer->next;
    if (peer->next)
        peer->next->link = peer->link;
    socket_watch_close(peer->watch);
    close(peer->fd);
    free(peer);
}

static void welcome(const struct door *door, int fd)
{
    struct peer *peer = calloc(1, sizeof *peer);
    struct socket_watch *watch = peer ? socket_watch_new(fd) : NULL;
    if (!watch || group_go(&stand.fibers, converse, peer) != 0) {
        if (watch)
            socket_watch_close(watch);
        free(peer);
        close(fd);
        return;
    }
    *peer = (struct peer){.fd = fd, .watch = watch, .is_control = door->is_control, .next = stand.peers,
                          .link = &stand.peers};
    if (peer->next)
        peer->next->link = &peer->next;
    stand.peers = peer;
}

static void keep_door(void *arg)
{
    struct door *door = arg;
    while (!fiber_cancelled()) {
        int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            welcome(door, fd);
        else if (errno == EAGAIN)
            socket_watch_park(door->watch, SOCKET_READABLE, DEADLINE_NONE);
        else
            fiber_sleep(SHUT_MS);
    }
}

/* --- Life ---------------------------------------------------------------------------------------------- */

static int open_door(struct door *door, int64_t port, struct err *err)
{
    door->fd = socket_listen("127.0.0.1", (uint16_t)port, err);
    if (door->fd < 0)
        return -1;
    door->watch = socket_watch_new(door->fd);
    return door->watch ? 0 : err_set(err, ERR_FAILED, "out of memory");
}

static void close_door(struct door *door)
{
    if (door->watch)
        socket_watch_close(door->watch);
    if (door->fd >= 0)
        close(door->fd);
}

static void say_what_to_do(void)
{
    unsigned port = stand_control_port();
    stand.config->show_how_to_use(socket_port(stand.service.fd));
    printf("  another fault   curl -X PUT http://127.0.0.1:%u/fault/hang     (none: well again)\n"
           "  all faults      curl http://127.0.0.1:%u/faults\n"
           "  who asked       curl http://127.0.0.1:%u/requests\n"
           "now: %s: %s\n",
           port, port, port, stand.fault->name, stand.fault->what);
    fflush(stdout);
}

struct ports {
    int64_t service, control;
    struct err err;
};

static void run(void *arg)
{
    struct ports *ports = arg;
    stand.service.fd = stand.control.fd = -1;
    stand.control.is_control = true;
    if (open_door(&stand.service, ports->service, &ports->err) == 0 &&
        open_door(&stand.control, ports->control, &ports->err) == 0 &&
        group_go(&stand.fibers, keep_door, &stand.service) == 0 &&
        group_go(&stand.fibers, keep_door, &stand.control) == 0) {
        switch_to(stand.fault);
        say_what_to_do();
        loop_catch_signals();
        loop_next_signal(DEADLINE_NONE);
        loop_release_signals();
    }
    group_cancel(&stand.fibers);
    group_join(&stand.fibers);
    close_door(&stand.service);
    close_door(&stand.control);
}

static int wrong_arguments(void)
{
    fprintf(stderr, "usage: %s [--port N] [--control N] %s[FAULT]\n", stand.config->program, stand.config->options);
    return 2;
}

/* 0, or -1: it is not to be understood. */
static int read_arguments(int argc, char **argv, struct ports *ports)
{
    const struct stand_config *config = stand.config;
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (strncmp(name, "--", 2) != 0) {
            if (!(stand.fault = find_fault(name)))
                return -1;
            continue;
        }
        const char *value = argv[++i]; /* argv ends in a NULL */
        int64_t *port = strcmp(name, "--port") == 0 ? &ports->service
                        : strcmp(name, "--control") == 0 ? &ports->control : NULL;
        if (!value || (!port && (!config->set_option || config->set_option(name, value) != 0)))
            return -1;
        if (port && (env_parse_int(value, port) != 0 || *port < 0 || *port > 65535))
            return -1;
    }
    if (ports->control < 0)
        ports->control = ports->service < 65535 ? ports->service + 1 : 0;
    return ports->service > 0 ? 0 : -1; /* one that the kernel chose would be lost while it refuses */
}

int stand_main(const struct stand_config *config, int argc, char **argv)
{
    struct ports ports = {.service = config->port, .control = -1, .err = ERR_INIT};
    stand.config = config;
    stand.fault = find_fault("none");
    if (read_arguments(argc, argv, &ports) != 0)
        return wrong_arguments();
    loop_open();
    loop_run(run, &ports);
    loop_close();
    if (ports.err.code == ERR_NONE)
        return 0;
    fprintf(stderr, "%s: %s\n", config->program, ports.err.text);
    return 1;
}
