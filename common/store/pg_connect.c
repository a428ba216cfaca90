/* Opens a connection to one address without blocking: libpq's socket is watched by the loop. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_repeat.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "store/pg_error.h"
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

/* --- What PostgreSQL says ----------------------------------------------------------- */

enum { AGAIN_MS = 60 * 1000 };

/* RAISE WARNING in a trigger, for instance. libpq itself would print it to standard error.
 * The detail is left out, because it often quotes a row. */
static void on_notice(void *arg, const PGresult *result)
{
    static struct log_repeat repeat;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    bool is_warning = !severity || strcmp(severity, "WARNING") == 0;
    (void)arg;
    if (!message)
        message = PQresultErrorMessage(result); /* one of libpq's own */
    if (is_warning && !log_repeat_is_due(&repeat, message, AGAIN_MS))
        return;
    log_write(is_warning ? LOG_WARN : LOG_DEBUG, "postgres_notice",
              LOG_FIELDS(log_s("severity", severity), log_s("sqlstate", state), log_s("notice", message)));
}

static void warn_of_encoding(const PGconn *conn)
{
    static struct log_repeat repeat;
    const char *encoding = PQparameterStatus(conn, "server_encoding");
    if (encoding && strcmp(encoding, "UTF8") != 0 && log_repeat_is_due(&repeat, encoding, DEADLINE_NONE))
        log_warn("postgres_encoding", log_s("encoding", encoding),
                 log_s("hint", "use a database with the encoding UTF8: this one cannot hold every text"));
}

/* --- Connecting --------------------------------------------------------------------- */

const char *pg_option(const struct pg *pg, const char *name)
{
    for (const PQconninfoOption *o = pg->options; o->keyword; o++)
        if (strcmp(o->keyword, name) == 0)
            return o->val ? o->val : o->envvar ? getenv(o->envvar) : NULL;
    return NULL;
}

static bool is_one_of(const char *word, const char *const *list)
{
    while (*list && strcmp(word, *list) != 0)
        list++;
    return *list != NULL;
}

/* What libpq gets as "passfile". It ignores a file that others may read, and says so in a line of its own on
 * standard error, at each connection. So it does not get such a file, and the log says it once. */
static const char *password_file(const struct pg *pg)
{
    static struct log_repeat repeat;
    static const char none[] = "/dev/null/none"; /* libpq says nothing of a file that does not exist */
    static const char unchanged[] = "";
    const char *password = pg_option(pg, "password"), *set = pg_option(pg, "passfile"), *home = getenv("HOME");
    char path[PATH_MAX];
    struct stat file;
    if (set && *set)
        snprintf(path, sizeof path, "%s", set);
    else
        snprintf(path, sizeof path, "%s/.pgpass", home ? home : "");
    bool is_read = !(password && *password) && stat(path, &file) == 0;
    if (!is_read || (S_ISREG(file.st_mode) && !(file.st_mode & (S_IRWXG | S_IRWXO))))
        return unchanged;
    if (log_repeat_is_due(&repeat, path, DEADLINE_NONE))
        log_warn("postgres_password_file_ignored", log_s("file", path),
                 log_s("hint", "it must be a plain file that only its owner may read: chmod 600"));
    return none;
}

static PGconn *start_connecting(const struct pg *pg, const struct pg_target *target)
{
    static const char *const of_target[] = {"host", "hostaddr", "port", NULL};
    enum { OPTIONS_MAX = 64 };
    const char *keywords[OPTIONS_MAX + 8], *values[OPTIONS_MAX + 8];
    int count = 0;
    for (const PQconninfoOption *o = pg->options; o->keyword && count < OPTIONS_MAX; o++) {
        if (!o->val || is_one_of(o->keyword, of_target))
            continue;
        keywords[count] = o->keyword;
        values[count++] = o->val;
    }
    /* If a keyword occurs twice, libpq uses the later one. All our text is UTF-8, whatever the URL or
     * PGCLIENTENCODING says. Kerberos (gssencmode) reads files and calls servers, so it is off unless
     * the URL sets it. libpq skips an empty value. */
    const char *more[][2] = {{"host", target->host},
                             {"hostaddr", target->address},
                             {"port", target->port},
                             {"target_session_attrs", target->session},
                             {"passfile", password_file(pg)},
                             {"client_encoding", "UTF8"},
                             {"gssencmode", pg_option(pg, "gssencmode") ? "" : "disable"}};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
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

PGconn *pg_connect_to(const struct pg *pg, const struct pg_target *target, int64_t deadline, struct err *err)
{
    PGconn *conn = start_connecting(pg, target);
    if (!conn) {
        err_set(err, ERR_UNREACHABLE, "PostgreSQL: out of memory");
        return NULL;
    }
    PQsetNoticeReceiver(conn, on_notice, NULL);
    if (finish_connecting(conn, deadline, err) != 0) {
        PQfinish(conn);
        return NULL;
    }
    warn_of_encoding(conn);
    return conn;
}
