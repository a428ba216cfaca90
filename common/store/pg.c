#include "store/pg.h"

#include <assert.h>
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"
#include "store/pg_internal.h"
#include "store/pg_session.h"

/* --- The URL as a setting --------------------------------------------------------- */

/* "5432,5433": one for each host; an empty one is the default. */
static bool are_ports(const char *text)
{
    for (;; text++) {
        char *end;
        long port = isdigit((unsigned char)*text) ? strtol(text, &end, 10) : 0;
        if (port > 0 && port <= 65535)
            text = end;
        if (*text == '\0')
            return true;
        if (*text != ',')
            return false;
    }
}

static bool is_int(const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);
    return end > text && *end == '\0' && number >= INT_MIN && number <= INT_MAX;
}

static bool is_one_of(const char *word, const char *words)
{
    char spaced[32];
    snprintf(spaced, sizeof spaced, " %s ", word);
    return !strchr(word, ' ') && strstr(words, spaced) != NULL;
}

/* libpq itself checks these only when it connects. */
static bool option_is_fine(const PQconninfoOption *option)
{
    static const struct {
        const char *keyword, *words;
    } choices[] = {
        {"sslmode", " disable allow prefer require verify-ca verify-full "},
        {"target_session_attrs", " any read-write read-only primary standby prefer-standby "},
        {"channel_binding", " disable prefer require "},
        {"gssencmode", " disable prefer require "},
    };
    if (!option->val)
        return true;
    if (strcmp(option->keyword, "port") == 0)
        return are_ports(option->val);
    if (strcmp(option->keyword, "connect_timeout") == 0)
        return is_int(option->val);
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (strcmp(option->keyword, choices[i].keyword) == 0)
            return is_one_of(option->val, choices[i].words);
    return true;
}

/* 0: not set, or empty. */
static int count_of(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o->keyword; o++)
        if (strcmp(o->keyword, keyword) == 0)
            return o->val && *o->val ? pg_count_elements(o->val) : 0;
    return 0;
}

/* One address for each host; one port for each, or one for all. A URL without hosts gets them from PGHOST. */
static bool lists_match(const PQconninfoOption *options)
{
    int hosts = count_of(options, "host"), addresses = count_of(options, "hostaddr");
    int ports = count_of(options, "port"), count = addresses ? addresses : hosts;
    return (!hosts || !addresses || hosts == addresses) && (!count || ports <= 1 || ports == count);
}

int pg_check_url(const char *url)
{
    if (strncmp(url, "postgresql://", 13) != 0 && strncmp(url, "postgres://", 11) != 0)
        return -1;
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    bool fine = options != NULL;
    for (const PQconninfoOption *o = options; fine && o->keyword; o++)
        fine = option_is_fine(o);
    fine = fine && lists_match(options);
    PQconninfoFree(options);
    return fine ? 0 : -1;
}

/* --- Create and close ------------------------------------------------------------- */

/* A service file may name the hosts. libpq reads it only when it connects: so it begins to, with an sslmode
 * that it refuses before it opens a socket. Its own defaults are read, too. */
static void read_service(PQconninfoOption *options, const char *service)
{
    static const char *const hosts[] = {"host", "hostaddr", "port", "connect_timeout", "target_session_attrs"};
    const char *const keywords[] = {"service", "sslmode", NULL}, *const values[] = {service, "none", NULL};
    PGconn *conn = PQconnectStartParams(keywords, values, 0);
    PQconninfoOption *found = PQconninfo(conn); /* the same keywords in the same order */
    for (size_t i = 0; found && options[i].keyword; i++)
        for (size_t k = 0; k < sizeof hosts / sizeof *hosts; k++)
            if (!options[i].val && found[i].val && strcmp(options[i].keyword, hosts[k]) == 0)
                options[i].val = strdup(found[i].val); /* libpq frees it with the others */
    PQconninfoFree(found);
    PQfinish(conn);
}

/* Once a turn of the loop, after its fibers have run. */
static void flush(void *arg)
{
    struct pg *pg = arg;
    for (int i = 0; i < pg->reader_count; i++)
        pg_flush_reader(&pg->readers[i]);
}

struct pg *pg_new(const struct pg_config *config)
{
    assert(config->read_connections >= 1 && config->read_connections <= PG_READERS_MAX);
    struct pg *pg = calloc(1, sizeof *pg);
    if (!pg)
        return NULL;
    pg->options = PQconninfoParse(config->url, NULL);
    pg->transactions = calloc((size_t)config->transaction_connections, sizeof *pg->transactions);
    if (!pg->options || !pg->transactions) {
        PQconninfoFree(pg->options);
        free(pg->transactions);
        free(pg);
        return NULL;
    }
    if (pg_option(pg, "service"))
        read_service(pg->options, pg_option(pg, "service"));
    pg->read_time.scale = HISTOGRAM_DATABASE;
    pg->timeout_ms = config->timeout_ms;
    /* PostgreSQL ends a statement a little before its caller gives up. So no statement
     * runs on without a caller, and the caller gets PostgreSQL's own error. */
    snprintf(pg->statement_timeout, sizeof pg->statement_timeout, "%lld",
             (long long)(config->timeout_ms - config->timeout_ms / 10));
    pg->transaction_count = config->transaction_connections;
    for (int i = 0; i < pg->transaction_count; i++)
        pg->transactions[i].pg = pg;
    err_set(&pg->why, ERR_UNREACHABLE, "PostgreSQL: still connecting");

    loop_add_hook(flush, pg);
    pg->reader_count = config->read_connections;
    for (int i = 0; i < pg->reader_count; i++) {
        pg->readers[i].pg = pg;
        group_go(&pg->keepers, pg_keep_reader, &pg->readers[i]);
    }
    return pg;
}

void pg_close(struct pg *pg)
{
    group_cancel(&pg->keepers);
    group_join(&pg->keepers);
    loop_remove_hook(flush, pg);
    for (int i = 0; i < pg->transaction_count; i++)
        pg_drop_transaction(&pg->transactions[i]);
    PQconninfoFree(pg->options);
    free(pg->transactions);
    free(pg);
}

/* --- Metrics ---------------------------------------------------------------------- */

static void counter(struct buf *out, const char *name, const char *help, int64_t value)
{
    metrics_head(out, name, "counter", help);
    metrics_value(out, name, NULL, value);
}

void pg_metrics(const struct pg *pg, struct buf *out)
{
    metrics_head(out, "postgres_up", "gauge", "1 while PostgreSQL answers.");
    metrics_value(out, "postgres_up", NULL, pg_is_up(pg));
    counter(out, "postgres_connects_total", "Connections opened for reads.", pg->connects);
    counter(out, "postgres_reads_total", "Reads that were answered.", pg->reads);
    counter(out, "postgres_read_failures_total", "Reads that failed or timed out.", pg->read_failures);
    counter(out, "postgres_commits_total", "Transactions committed.", pg->commits);
    counter(out, "postgres_rollbacks_total", "Transactions not committed.", pg->rollbacks);
    metrics_head(out, "postgres_read_duration_seconds", "histogram", "Duration of answered reads.");
    metrics_histogram(out, "postgres_read_duration_seconds", NULL, &pg->read_time);
}
