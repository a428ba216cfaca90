/* The hosts of DATABASE_URL and their addresses, tried one after the other.
 *
 * libpq could try several by itself, but it would look their names up and block, and it
 * enforces connect_timeout only in its blocking calls. So it gets one address at a time,
 * with the name, which TLS verifies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "loop/resolve.h"
#include "store/pg_internal.h"

/* --- The URL ------------------------------------------------------------------------ */

/* The list's element of this number, or its only one. NULL is an empty list. */
static void take_element(const char *list, int number, char *out, size_t size)
{
    const char *element = list ? list : "";
    for (const char *comma = strchr(element, ','); comma && number > 0; comma = strchr(element, ','), number--)
        element = comma + 1;
    snprintf(out, size, "%.*s", (int)strcspn(element, ","), element);
}

int pg_count_elements(const char *list)
{
    int count = 1;
    for (; list && *list; list++)
        count += *list == ',';
    return count;
}

static void target_of(const struct pg *pg, int number, struct pg_target *target)
{
    take_element(pg_option(pg, "host"), number, target->host, sizeof target->host);
    take_element(pg_option(pg, "hostaddr"), number, target->address, sizeof target->address);
    take_element(pg_option(pg, "port"), number, target->port, sizeof target->port);
}

/* For one address, as libpq counts it: seconds, at least 2; 0 is no limit, which we do not have. */
static int64_t connect_limit_ms(const struct pg *pg)
{
    const char *text = pg_option(pg, "connect_timeout");
    long seconds = text ? strtol(text, NULL, 10) : 0;
    return seconds <= 0 ? pg->timeout_ms : seconds < 2 ? 2000 : seconds * (int64_t)1000;
}

/* --- One attempt -------------------------------------------------------------------- */

struct attempt {
    struct pg *pg;
    int64_t deadline, limit_ms; /* of all addresses; of one */
    struct err err;             /* why the addresses up to now were of no use */
};

static void add_failure(struct attempt *attempt, const struct err *seen)
{
    static const char subject[] = "PostgreSQL: ";
    struct err before = attempt->err;
    bool repeats = strncmp(seen->text, subject, sizeof subject - 1) == 0;
    err_clear(&attempt->err);
    if (before.code == ERR_NONE)
        attempt->err = *seen;
    else
        err_set(&attempt->err, seen->code, "%s; %s", before.text, seen->text + (repeats ? sizeof subject - 1 : 0));
}

static bool may_go_on(const struct attempt *attempt)
{
    return attempt->err.code != ERR_CANCELLED && deadline_left(attempt->deadline) > 0;
}

static int64_t deadline_of_one(const struct attempt *attempt)
{
    return deadline_min(attempt->deadline, deadline_in(attempt->limit_ms));
}

static PGconn *try_address(struct attempt *attempt, const struct pg_target *target)
{
    struct err seen = ERR_INIT, named = ERR_INIT;
    PGconn *conn = pg_connect_to(attempt->pg, target, deadline_of_one(attempt), &seen);
    if (conn) {
        attempt->pg->reached = *target;
        return conn;
    }
    if (seen.code == ERR_TIMEOUT && *target->host) {
        err_set(&named, ERR_TIMEOUT, "%s from %s", seen.text, *target->address ? target->address : target->host);
        seen = named;
    }
    add_failure(attempt, &seen);
    return NULL;
}

/* A host that begins with '/' is the folder of a socket; none is libpq's default. */
static PGconn *try_host(struct attempt *attempt, struct pg_target *target)
{
    struct addresses addresses;
    struct err seen = ERR_INIT;
    PGconn *conn = NULL;
    if (!*target->host || *target->host == '/' || *target->address)
        return try_address(attempt, target);
    if (resolve_host(target->host, &addresses, deadline_of_one(attempt), &seen) != 0) {
        add_failure(attempt, &seen);
        return NULL;
    }
    for (int i = 0; i < addresses.count && !conn && may_go_on(attempt); i++) {
        memcpy(target->address, addresses.list[i], ADDRESS_MAX);
        conn = try_address(attempt, target);
    }
    return conn;
}

/* `session`: target_session_attrs, of which one host at a time knows no preference. */
static PGconn *try_hosts(struct attempt *attempt, const char *session)
{
    const char *addresses = pg_option(attempt->pg, "hostaddr");
    int count = pg_count_elements(addresses ? addresses : pg_option(attempt->pg, "host"));
    PGconn *conn = NULL;
    for (int i = 0; i < count && !conn && may_go_on(attempt); i++) {
        struct pg_target target = {.session = session};
        target_of(attempt->pg, i, &target);
        conn = try_host(attempt, &target);
    }
    return conn;
}

PGconn *pg_connect(struct pg *pg, int64_t deadline, struct err *err)
{
    struct attempt attempt = {pg, deadline, connect_limit_ms(pg), ERR_INIT};
    const char *session = pg_option(pg, "target_session_attrs");
    bool prefer = session && strcmp(session, "prefer-standby") == 0;
    PGconn *conn = NULL;
    /* A request cannot wait for hosts that hang: it begins with the one that was reached last. */
    if (deadline != DEADLINE_NONE && pg->reached.session)
        conn = try_address(&attempt, &pg->reached);
    if (!conn && may_go_on(&attempt))
        conn = try_hosts(&attempt, prefer ? "standby" : session ? session : "any");
    if (!conn && prefer && may_go_on(&attempt))
        conn = try_hosts(&attempt, "any");
    if (!conn)
        err_set(err, attempt.err.code, "%s", attempt.err.text);
    return conn;
}
