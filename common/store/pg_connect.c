/* Opens a connection without blocking: libpq's socket is watched by the loop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/resolve.h"
#include "store/pg_internal.h"

/* --- A socket on the loop --------------------------------------------------------- */

struct pg_watch {
    uv_poll_t poll;
    int events; /* waited for now; setting the same events again would cost two system calls */
    void (*ready)(void *arg, int events);
    void *arg;
};

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct pg_watch *watch = (struct pg_watch *)poll;
    int ready = (status < 0 || events & UV_READABLE ? PG_READABLE : 0) | (events & UV_WRITABLE ? PG_WRITABLE : 0);
    watch->ready(watch->arg, ready);
}

struct pg_watch *pg_watch_new(int socket, void (*ready)(void *arg, int events), void *arg)
{
    struct pg_watch *watch = calloc(1, sizeof *watch);
    if (!watch || uv_poll_init(loop_uv(), &watch->poll, socket) != 0) {
        free(watch);
        return NULL;
    }
    watch->ready = ready;
    watch->arg = arg;
    return watch;
}

void pg_watch_for(struct pg_watch *watch, int events)
{
    if (events == watch->events)
        return;
    watch->events = events;
    uv_poll_start(&watch->poll, (events & PG_READABLE ? UV_READABLE : 0) | (events & PG_WRITABLE ? UV_WRITABLE : 0),
                  on_poll);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void pg_watch_free(struct pg_watch *watch)
{
    if (watch)
        uv_close((uv_handle_t *)&watch->poll, free_handle);
}

static void wake(void *arg, int events)
{
    (void)events;
    wait_wake(arg);
}

/* One wait for the socket of a connection that is being opened. It takes a new
 * watch each time, because libpq may change the socket at each step. */
static int await_socket(PGconn *conn, int events, int64_t deadline, struct err *err)
{
    struct wait wait;
    wait_init(&wait);
    struct pg_watch *watch = pg_watch_new(PQsocket(conn), wake, &wait);
    if (!watch)
        return err_set(err, ERR_UNREACHABLE, "PostgreSQL: cannot watch the socket");
    pg_watch_for(watch, events);
    enum wait_result result = wait_park(&wait, deadline);
    pg_watch_free(watch);
    return pg_check_wait(result, err);
}

/* --- Addresses -------------------------------------------------------------------- */

static const char *option(const struct pg *pg, const char *name)
{
    for (const PQconninfoOption *o = pg->options; o->keyword; o++)
        if (strcmp(o->keyword, name) == 0)
            return o->val;
    return NULL;
}

/* libpq would look a host name up and block. So it also gets the address (and keeps
 * the name, which TLS verifies). A URL may name several hosts, separated by commas;
 * a host that begins with '/' is the path of a socket. */
static int resolve_hosts(const struct pg *pg, struct buf *addresses, int64_t deadline, struct err *err)
{
    const char *hosts = option(pg, "host");
    if (!hosts || option(pg, "hostaddr"))
        return 0;
    for (const char *host = hosts; host; host = strchr(host, ',') ? strchr(host, ',') + 1 : NULL) {
        char name[256], address[ADDRESS_MAX] = "";
        snprintf(name, sizeof name, "%.*s", (int)strcspn(host, ","), host);
        if (name[0] && name[0] != '/' && resolve_host(name, address, deadline, err) != 0)
            return -1;
        if (!buf_addf(addresses, "%s%s", host == hosts ? "" : ",", address))
            return err_set(err, ERR_INVALID, "PostgreSQL: too many hosts in the URL");
    }
    return 0;
}

/* --- Connecting ------------------------------------------------------------------- */

static PGconn *start_connecting(const struct pg *pg, const char *addresses)
{
    enum { OPTIONS_MAX = 64 };
    const char *keywords[OPTIONS_MAX + 4], *values[OPTIONS_MAX + 4];
    int count = 0;
    for (const PQconninfoOption *o = pg->options; o->keyword && count < OPTIONS_MAX; o++) {
        if (!o->val)
            continue;
        keywords[count] = o->keyword;
        values[count++] = o->val;
    }
    /* If a keyword occurs twice, libpq uses the later one. Kerberos (gssencmode) reads files
     * and calls servers, so it is off unless the URL sets it. */
    const char *more[][2] = {{"hostaddr", *addresses ? addresses : NULL},
                             {"gssencmode", option(pg, "gssencmode") ? NULL : "disable"}};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        if (!more[i][1])
            continue;
        keywords[count] = more[i][0];
        values[count++] = more[i][1];
    }
    keywords[count] = values[count] = NULL;
    return PQconnectStartParams(keywords, values, 0);
}

static int finish_connecting(PGconn *conn, int64_t deadline, struct err *err)
{
    PostgresPollingStatusType want = PQstatus(conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (want != PGRES_POLLING_OK) {
        if (want == PGRES_POLLING_FAILED) {
            const char *message = PQerrorMessage(conn);
            return err_set(err, ERR_UNREACHABLE, "PostgreSQL: %.*s", (int)strcspn(message, "\n"), message);
        }
        if (await_socket(conn, want == PGRES_POLLING_READING ? PG_READABLE : PG_WRITABLE, deadline, err) != 0)
            return -1;
        want = PQconnectPoll(conn);
    }
    return PQsetnonblocking(conn, 1) == 0 ? 0 : pg_check_lost(conn, err);
}

PGconn *pg_connect(const struct pg *pg, int64_t deadline, struct err *err)
{
    struct buf addresses = BUF_INIT(1024);
    PGconn *conn = NULL;
    if (resolve_hosts(pg, &addresses, deadline, err) == 0) {
        conn = start_connecting(pg, buf_text(&addresses));
        if (!conn)
            err_set(err, ERR_UNREACHABLE, "PostgreSQL: out of memory");
    }
    buf_close(&addresses);
    if (conn && finish_connecting(conn, deadline, err) != 0) {
        PQfinish(conn);
        return NULL;
    }
    return conn;
}
