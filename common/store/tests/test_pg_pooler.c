/* pg through a real PgBouncer, which runs each transaction in another session of PostgreSQL. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "harness/server.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/sync.h"
#include "store/pg.h"

static struct folder folder;
static struct server postgres, bouncer;
static struct pg *pg;
static struct err err;

static void start(const char *mode)
{
    static char port[16];
    cr_assert_eq(folder_take(&folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&postgres, SERVER_POSTGRES, &folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&bouncer, SERVER_PGBOUNCER, &folder, &err), 0, "%s", err.text);
    snprintf(port, sizeof port, "%d", postgres.port.number);
    bouncer.options[0] = port;
    bouncer.options[1] = mode;
    cr_assert_eq(server_start(&postgres, &err), 0, "%s", err.text);
    cr_assert_eq(server_start(&bouncer, &err), 0, "%s", err.text);
    cr_assert_eq(server_sql(&postgres, NULL,
                            "CREATE TABLE t (id bigint PRIMARY KEY, name text);"
                            "INSERT INTO t SELECT i, 'name' || i FROM generate_series(1, 1000) i",
                            &err),
                 0, "%s", err.text);
    loop_open();
}

static void stop(void)
{
    cr_expect_eq(loop_close(), 0);
    server_close(&bouncer);
    server_close(&postgres);
    folder_remove(&folder);
}

static void run_client(void *arg)
{
    void (*body)(void) = (void (*)(void))arg;
    pg = pg_new(&(struct pg_config){
        .url = bouncer.url, .timeout_ms = 5000, .read_connections = 2, .transaction_connections = 4});
    body();
    pg_close(pg);
}

static void with_client(const char *mode, void (*body)(void))
{
    start(mode);
    loop_run(run_client, (void *)body);
    stop();
}

TestSuite(pg_pooler, .timeout = 300);

static bool becomes_up(bool up, int64_t limit_ms)
{
    int64_t deadline = deadline_in(limit_ms);
    while (pg_is_up(pg) != up && deadline_left(deadline) > 0)
        fiber_sleep(2);
    return pg_is_up(pg) == up;
}

static const struct pg_statement by_id = {"by_id", "SELECT name FROM t WHERE id = $1", 1};
static const struct pg_statement nap = {"nap", "SELECT pg_sleep($1::float8)", 1};
static const struct pg_statement insert = {"insert", "INSERT INTO t (id, name) VALUES ($1, 'new')", 1};

static enum err_code read_one(const struct pg_statement *statement, const char *param, char out[300])
{
    struct err why = ERR_INIT;
    struct pg_rows *rows;
    if (pg_read(pg, statement, &param, deadline_in(10000), &rows, &why) != 0) {
        snprintf(out, 300, "%s", why.text);
        return why.code;
    }
    snprintf(out, 300, "%s", pg_rows_get(rows, 0, 0));
    pg_rows_free(rows);
    return ERR_NONE;
}

static int write_one(const char *id, struct err *why)
{
    struct pg_transaction *tx;
    if (pg_begin(pg, deadline_in(10000), &tx, why) != 0)
        return -1;
    if (pg_run(tx, &insert, &id, NULL, why) == 0)
        return pg_commit(tx, why);
    pg_rollback(tx);
    return -1;
}

/* --- Many at once ----------------------------------------------------------------- */

enum { FIBERS = 32, EACH = 100 };

static void read_and_write(void *arg)
{
    int first = *(int *)arg * EACH;
    for (int i = 0; i < EACH; i++) {
        char id[16], want[32], text[300];
        struct err why = ERR_INIT;
        snprintf(id, sizeof id, "%d", (first + i) % 1000 + 1);
        snprintf(want, sizeof want, "name%s", id);
        cr_expect_eq(read_one(&by_id, id, text), ERR_NONE, "%s", text);
        cr_expect_str_eq(text, want);
        snprintf(id, sizeof id, "%d", 5000 + first + i);
        if (i % 10 == 0)
            cr_expect_eq(write_one(id, &why), 0, "%s", why.text);
    }
}

static void use_in_many_fibers(void)
{
    static int numbers[FIBERS];
    struct group group = {0};
    cr_expect(becomes_up(true, 30000));
    for (int i = 0; i < FIBERS; i++) {
        numbers[i] = i;
        group_go(&group, read_and_write, &numbers[i]);
    }
    group_join(&group);
}

Test(pg_pooler, transaction_mode_serves_reads_and_writes)
{
    with_client("transaction", use_in_many_fibers);
}

Test(pg_pooler, session_mode_serves_reads_and_writes)
{
    with_client("session", use_in_many_fibers);
}

/* --- Time limits ------------------------------------------------------------------ */

static void be_slow(void)
{
    char text[300] = "";
    struct pg_transaction *tx;
    struct err why = ERR_INIT;
    cr_expect(becomes_up(true, 30000));
    for (int i = 0; i < 5 && !strstr(text, "statement timeout"); i++) { /* a stalled machine: see test_pg.c */
        cr_expect(becomes_up(true, 30000));
        cr_expect_eq(read_one(&nap, "60", text), ERR_TIMEOUT);
    }
    cr_expect(strstr(text, "statement timeout"), "%s", text);

    cr_expect_eq(pg_begin(pg, deadline_in(10000), &tx, &why), 0, "%s", why.text);
    cr_expect_eq(pg_run(tx, &nap, (const char *[]){"60"}, NULL, &why), -1);
    cr_expect_eq(why.code, ERR_TIMEOUT, "%s", why.text);
    pg_rollback(tx);

    cr_expect_eq(server_sql(&bouncer, NULL, "DO $$ BEGIN ASSERT current_setting('statement_timeout') = '0'; END $$",
                            &why),
                 0, "other clients of the pooler keep their setting: %s", why.text);
}

Test(pg_pooler, slow_statement_is_ended_by_the_server)
{
    with_client("transaction", be_slow);
}

/* --- Restart ---------------------------------------------------------------------- */

static void restart(void)
{
    char text[300];
    struct err why = ERR_INIT;
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(write_one("5001", &why), 0, "%s", why.text);
    server_kill(&bouncer);
    cr_expect(becomes_up(false, 30000));
    cr_expect_eq(server_start(&bouncer, &why), 0, "%s", why.text);
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(read_one(&by_id, "7", text), ERR_NONE, "%s", text);
    cr_expect_eq(write_one("5002", &why), 0, "%s", why.text);
}

Test(pg_pooler, restarted_pooler_is_used_again)
{
    with_client("transaction", restart);
}

/* The pooler still accepts clients, and answers the first statement with an error. */
static void lose_the_server(void)
{
    char text[300] = "";
    int64_t limit = deadline_in(30000);
    cr_expect(becomes_up(true, 30000));
    server_kill(&postgres);
    while (!strstr(text, "server login has been failing") && deadline_left(limit) > 0) {
        fiber_sleep(5);
        cr_expect_neq(read_one(&by_id, "7", text), ERR_NONE);
    }
    cr_expect(strstr(text, "server login has been failing"), "%s", text);
    for (int i = 0; i < 200; i++) {
        fiber_sleep(5);
        cr_expect_not(pg_is_up(pg));
    }
    cr_expect_eq(server_start(&postgres, &err), 0, "%s", err.text);
    cr_expect(becomes_up(true, 60000));
    cr_expect_eq(read_one(&by_id, "7", text), ERR_NONE, "%s", text);
}

Test(pg_pooler, pooler_without_its_server_is_not_up)
{
    with_client("transaction", lose_the_server);
}

/* --- A mode that has no transactions ---------------------------------------------- */

static void use_without_transactions(void)
{
    char text[300];
    struct err why = ERR_INIT;
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(read_one(&by_id, "7", text), ERR_NONE, "%s", text);
    cr_expect_eq(write_one("5001", &why), -1);
    cr_expect(strstr(why.text, "transaction blocks not allowed in statement pooling mode"), "%s", why.text);
}

Test(pg_pooler, statement_mode_is_refused_with_its_reason)
{
    with_client("statement", use_without_transactions);
}
