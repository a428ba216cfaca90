/* pg against a real PostgreSQL: reads and transactions, while the server starts late, is killed or hangs. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "harness/server.h"
#include "loop/loop.h"
#include "loop/sync.h"
#include "store/pg.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

/* --- A PostgreSQL, a client, a loop ----------------------------------------------- */

static struct folder folder;
static struct server server;
static struct pg *pg;
static int64_t timeout_ms = 10000; /* of each call, whatever deadline it has */
static int readers = 1;

static void setup(void)
{
    struct err err = ERR_INIT;
    cr_assert_eq(folder_take(&folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&server, SERVER_POSTGRES, &folder, &err), 0, "%s", err.text);
    loop_open();
}

static void teardown(void)
{
    cr_expect_eq(fibers_alive(), 0);
    cr_expect_eq(loop_close(), 0);
    server_close(&server);
    folder_remove(&folder);
#if defined(__SANITIZE_ADDRESS__)
    cr_expect_eq(__lsan_do_recoverable_leak_check(), 0);
#endif
}

TestSuite(pg, .init = setup, .fini = teardown, .timeout = 300);

static void start_server(void)
{
    struct err err = ERR_INIT;
    cr_expect_eq(server_start(&server, &err), 0, "%s", err.text);
}

static void start_with_table(void)
{
    struct err err = ERR_INIT;
    start_server();
    cr_expect_eq(server_sql(&server, NULL,
                            "CREATE TABLE t (id bigint PRIMARY KEY, name text);"
                            "INSERT INTO t SELECT i, 'name' || i FROM generate_series(1, 1000) i",
                            &err),
                 0, "%s", err.text);
}

static void run_client(void *arg)
{
    void (*body)(void) = (void (*)(void))arg;
    pg = pg_new(&(struct pg_config){
        .url = server.url, .timeout_ms = timeout_ms, .read_connections = readers, .transaction_connections = 2});
    body();
    pg_close(pg);
}

static void with_client(void (*body)(void))
{
    loop_run(run_client, (void *)body);
}

static bool becomes_up(bool up, int64_t limit_ms)
{
    int64_t deadline = deadline_in(limit_ms);
    while (pg_is_up(pg) != up && deadline_left(deadline) > 0)
        fiber_sleep(2);
    return pg_is_up(pg) == up;
}

static const struct pg_statement by_id = {"by_id", "SELECT name FROM t WHERE id = $1", 1};
static const struct pg_statement from_nowhere = {"from_nowhere", "SELECT * FROM nowhere", 0};
static const struct pg_statement nap = {"nap", "SELECT pg_sleep($1::float8)", 1};
static const struct pg_statement insert = {"insert", "INSERT INTO t (id, name) VALUES ($1, $2) RETURNING id", 2};

static enum err_code read_one(const struct pg_statement *statement, const char *param, int64_t ms, char out[300])
{
    struct err err = ERR_INIT;
    struct pg_rows *rows;
    if (pg_read(pg, statement, &param, deadline_in(ms), &rows, &err) != 0) {
        snprintf(out, 300, "%s", err.text);
        return err.code;
    }
    snprintf(out, 300, "%s", pg_rows_count(rows) ? pg_rows_get(rows, 0, 0) : "(none)");
    pg_rows_free(rows);
    return ERR_NONE;
}

/* --- Reading ---------------------------------------------------------------------- */

Test(pg_url, valid_urls_are_accepted_and_others_rejected)
{
    cr_expect_eq(pg_check_url("postgresql://lesson:lesson@127.0.0.1:5432/lesson"), 0);
    cr_expect_eq(pg_check_url("postgres://h1,h2:1/db?sslmode=disable&target_session_attrs=any"), 0);
    cr_expect_eq(pg_check_url("postgresql:///db?host=/run/postgresql"), 0);
    cr_expect_eq(pg_check_url("postgresql://h/db?nonsense=1"), -1);
    cr_expect_eq(pg_check_url("postgresql://h1:1,h2,h3:65535/db?sslmode=verify-full"), 0);
    cr_expect_eq(pg_check_url("postgresql://h:543x/db"), -1);
    cr_expect_eq(pg_check_url("postgresql://h:0/db"), -1);
    cr_expect_eq(pg_check_url("postgresql://h:65536/db"), -1);
    cr_expect_eq(pg_check_url("postgresql://h/db?sslmode=maybe"), -1);
    cr_expect_eq(pg_check_url("postgresql://h/db?sslmode=allow%20prefer"), -1);
    cr_expect_eq(pg_check_url("mysql://h/db"), -1);
    cr_expect_eq(pg_check_url("host=h"), -1);
    cr_expect_eq(pg_check_url(""), -1);
}

/* psql refuses these, too. Without a host, PGHOST may name several. */
Test(pg, url_that_libpq_would_refuse_later_is_refused)
{
    cr_expect_eq(pg_check_url("postgresql:///db?host=a,b,c&port=1,2"), -1);
    cr_expect_eq(pg_check_url("postgresql:///db?host=a&port=1,2"), -1);
    cr_expect_eq(pg_check_url("postgresql:///db?host=a,b&hostaddr=127.0.0.1"), -1);
    cr_expect_eq(pg_check_url("postgresql:///db?host=a,b&hostaddr=,127.0.0.1&port=1,2"), 0);
    cr_expect_eq(pg_check_url("postgresql:///db?hostaddr=127.0.0.1,127.0.0.2&port=1"), 0);
    cr_expect_eq(pg_check_url("postgresql:///db?port=1,2"), 0);
    cr_expect_eq(pg_check_url("postgresql://h/db?connect_timeout=2s"), -1);
    cr_expect_eq(pg_check_url("postgresql://h/db?connect_timeout=1.5"), -1);
    cr_expect_eq(pg_check_url("postgresql://h/db?connect_timeout="), -1);
    cr_expect_eq(pg_check_url("postgresql://h/db?connect_timeout=99999999999"), -1);
    cr_expect_eq(pg_check_url("postgresql://h/db?connect_timeout=-1"), 0);
    cr_expect_eq(pg_check_url("postgresql://h/db?target_session_attrs=master"), -1);
    cr_expect_eq(pg_check_url("postgresql://h/db?target_session_attrs=prefer-standby"), 0);
    cr_expect_eq(pg_check_url("postgresql://h/db?channel_binding=maybe"), -1);
    cr_expect_eq(pg_check_url("postgresql://h/db?gssencmode=maybe"), -1);
}

static void read_rows(void)
{
    char text[300];
    cr_expect_not(pg_is_up(pg));
    cr_expect_eq(read_one(&by_id, "1", 10000, text), ERR_NONE, "the read waits for the first connection: %s", text);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(read_one(&by_id, "7", 10000, text), ERR_NONE, "%s", text);
        cr_expect_str_eq(text, "name7");
    }
    cr_expect_eq(read_one(&by_id, "5000", 10000, text), ERR_NONE);
    cr_expect_str_eq(text, "(none)");

    struct buf metrics = BUF_INIT(65536);
    pg_metrics(pg, &metrics);
    cr_expect(strstr(buf_text(&metrics), "postgres_up 1\n"), "%s", buf_text(&metrics));
    cr_expect(strstr(buf_text(&metrics), "postgres_reads_total 5\n"), "%s", buf_text(&metrics));
    buf_close(&metrics);
}

Test(pg, read_returns_its_rows)
{
    start_with_table();
    with_client(read_rows);
}

static void read_by_name(void)
{
    char text[300];
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(read_one(&by_id, "7", 10000, text), ERR_NONE, "%s", text);
}

Test(pg, first_host_that_answers_is_used)
{
    start_with_table();
    snprintf(server.url, sizeof server.url, "postgresql://lesson@127.0.0.1:1,localhost:%d/lesson?options=-cgeqo%%3Doff",
             server.port.number);
    with_client(read_by_name);
}

static void fail_to_read(void)
{
    char text[300];
    cr_expect(becomes_up(true, 30000));
    for (int i = 0; i < 2; i++) { /* unprepared, prepared */
        cr_expect_eq(read_one(&by_id, "x", 10000, text), ERR_INVALID);
        cr_expect(strstr(text, "it refused the values") && !strstr(text, "bigint"), "%s", text);
        cr_expect_eq(read_one(&by_id, "99999999999999999999", 10000, text), ERR_FAILED, "%s", text);
        cr_expect_eq(read_one(&by_id, "7", 10000, text), ERR_NONE, "%s", text);
        cr_expect_eq(read_one(&from_nowhere, NULL, 10000, text), ERR_NOT_FOUND);
        cr_expect(strstr(text, "make db-seed DATABASE_URL="), "%s", text);
        cr_expect_eq(read_one(&by_id, "7", 10000, text), ERR_NONE, "%s", text);
    }
}

Test(pg, errors_contain_the_message_of_postgresql)
{
    start_with_table();
    with_client(fail_to_read);
}

static void read_good_or_bad(void *arg)
{
    int number = *(int *)arg;
    char id[16], want[32], text[300];
    snprintf(id, sizeof id, "%d", number + 1);
    snprintf(want, sizeof want, "name%d", number + 1);
    bool bad = number % 7 == 3;
    enum err_code code = read_one(number % 14 == 3 ? &from_nowhere : &by_id, bad ? "bad" : id, 5000, text);
    if (bad)
        cr_expect(code == ERR_INVALID || code == ERR_NOT_FOUND, "%s", text);
    else
        cr_expect_str_eq(text, want);
}

static void read_with_bad_neighbours(void)
{
    static int numbers[64];
    cr_expect(becomes_up(true, 30000));
    for (int round = 0; round < 3; round++) {
        struct group group = {0};
        for (int i = 0; i < 64; i++) {
            numbers[i] = i;
            group_go(&group, read_good_or_bad, &numbers[i]);
        }
        group_join(&group);
    }
}

Test(pg, failed_statement_does_not_affect_its_batch)
{
    start_with_table();
    with_client(read_with_bad_neighbours);
}

/* --- A prepared plan is gone --------------------------------------------------------- */

static const struct pg_statement forget_all = {"forget_all", "DEALLOCATE ALL", 0};
static const struct pg_statement count_prepared = {
    "count_prepared", "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'by_id%'", 0};

static void read_seven(int times)
{
    char text[300];
    for (int i = 0; i < times; i++) {
        cr_expect_eq(read_one(&by_id, "7", 10000, text), ERR_NONE, "%s", text);
        cr_expect_str_eq(text, "name7");
    }
}

static void expect_prepared(const char *count)
{
    char text[300] = "";
    int64_t limit = deadline_in(30000);
    while (strcmp(text, count) != 0 && deadline_left(limit) > 0) {
        read_seven(1); /* prepares it, if that is needed */
        read_one(&count_prepared, NULL, 10000, text);
    }
    cr_expect_str_eq(text, count);
}

static void migrate_while_reading(void)
{
    struct err err = ERR_INIT;
    cr_expect(becomes_up(true, 30000));
    expect_prepared("1");
    for (int i = 0; i < 2; i++) {
        const char *type = i ? "text" : "varchar(200)";
        char sql[96];
        snprintf(sql, sizeof sql, "ALTER TABLE t ALTER COLUMN name TYPE %s", type);
        cr_expect_eq(server_sql(&server, NULL, sql, &err), 0, "%s", err.text);
        read_seven(3);
    }
    expect_prepared("3"); /* of the same connection: each migration leads to a new plan */
}

Test(pg, changed_column_type_fails_no_read)
{
    start_with_table();
    with_client(migrate_while_reading);
}

static void change_parameter_type_while_reading(void)
{
    struct err err = ERR_INIT;
    cr_expect(becomes_up(true, 30000));
    expect_prepared("1");
    cr_expect_eq(server_sql(&server, NULL, "ALTER TABLE t ALTER COLUMN id TYPE text", &err), 0, "%s", err.text);
    read_seven(3);
    expect_prepared("2");
}

Test(pg, changed_parameter_type_fails_no_read)
{
    start_with_table();
    with_client(change_parameter_type_while_reading);
}

static void lose_prepared_statements(void)
{
    char text[300];
    cr_expect(becomes_up(true, 30000));
    expect_prepared("1");
    cr_expect_eq(read_one(&forget_all, NULL, 10000, text), ERR_NONE, "%s", text);
    read_seven(3);
}

Test(pg, forgotten_prepared_statements_fail_no_read)
{
    start_with_table();
    with_client(lose_prepared_statements);
}

/* --- Late, killed, hung ----------------------------------------------------------- */

static void start_late(void)
{
    char text[300];
    struct pg_transaction *tx;
    struct err err = ERR_INIT;
    int64_t limit = deadline_in(10000);
    do {
        fiber_sleep(5);
        cr_expect_eq(read_one(&by_id, "7", 10000, text), ERR_UNREACHABLE);
    } while (!strstr(text, "refused") && deadline_left(limit) > 0);
    cr_expect(strstr(text, "refused"), "%s", text);
    cr_expect_eq(pg_begin(pg, deadline_in(10000), &tx, &err), -1);
    cr_expect_eq(err.code, ERR_UNREACHABLE, "%s", err.text);
    start_with_table();
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(read_one(&by_id, "7", 10000, text), ERR_NONE, "%s", text);
}

Test(pg, server_that_starts_late_is_used_once_it_is_up)
{
    with_client(start_late);
}

static enum err_code begin(struct pg_transaction **tx, int64_t ms)
{
    struct err err = ERR_INIT;
    pg_begin(pg, deadline_in(ms), tx, &err);
    return err.code;
}

static enum err_code run(struct pg_transaction *tx, const char *id)
{
    struct err err = ERR_INIT;
    pg_run(tx, &insert, (const char *[]){id, "new"}, NULL, &err);
    return err.code;
}

static void be_killed_and_restart(void)
{
    char text[300];
    struct pg_transaction *tx;
    struct err err = ERR_INIT;
    cr_expect(becomes_up(true, 30000));
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(begin(&tx, 10000), ERR_NONE);
        cr_expect_eq(pg_commit(tx, &err), 0, "%s", err.text);
        server_kill(&server);
        cr_expect(becomes_up(false, 30000), "an idle connection detects it");
        cr_expect_eq(read_one(&by_id, "7", 10000, text), ERR_UNREACHABLE);
        start_server();
        cr_expect(becomes_up(true, 30000));
        cr_expect_eq(read_one(&by_id, "7", 10000, text), ERR_NONE, "%s", text);
    }
}

Test(pg, killed_server_is_used_again_after_its_restart)
{
    start_with_table();
    with_client(be_killed_and_restart);
}

static void read_while_killed(void *arg)
{
    char text[300];
    *(enum err_code *)arg = read_one(&nap, "60", 60000, text);
}

static void die_during_a_call(void)
{
    enum err_code code = ERR_NONE;
    struct pg_transaction *tx;
    struct err err = ERR_INIT;
    struct group group = {0};
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(begin(&tx, 10000), ERR_NONE);
    cr_expect_eq(run(tx, "2001"), ERR_NONE);
    group_go(&group, read_while_killed, &code);
    fiber_sleep(50);
    server_kill(&server);
    group_join(&group);
    cr_expect_eq(code, ERR_BROKEN);
    cr_expect_eq(pg_commit(tx, &err), -1);
    cr_expect(err.code == ERR_BROKEN || err.code == ERR_UNKNOWN_OUTCOME, "%s", err.text);
}

Test(pg, server_killed_during_a_call_breaks_the_call)
{
    start_with_table();
    with_client(die_during_a_call);
}

static void read_while_hung(void *arg)
{
    char text[300];
    *(enum err_code *)arg = read_one(&by_id, "7", 300, text);
}

static void hang_and_return(void)
{
    enum err_code codes[64];
    char text[300];
    struct pg_transaction *tx, *before;
    struct err err = ERR_INIT;
    struct group group = {0};
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(begin(&before, 60000), ERR_NONE);
    server_pause(&server);
    for (int i = 0; i < 64; i++)
        group_go(&group, read_while_hung, &codes[i]);
    group_join(&group);
    for (int i = 0; i < 64; i++)
        cr_expect_eq(codes[i], ERR_TIMEOUT);
    cr_expect_not(pg_is_up(pg));
    int failed_fast = 0;
    for (int i = 0; i < 100; i++)
        failed_fast += read_one(&by_id, "7", 10000, text) == ERR_UNREACHABLE;
    cr_expect_eq(failed_fast, 100);
    cr_expect_eq(begin(&tx, 10000), ERR_UNREACHABLE);
    pg_rollback(before);

    server_resume(&server);
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(read_one(&by_id, "7", 10000, text), ERR_NONE, "%s", text);
    cr_expect_eq(begin(&tx, 10000), ERR_NONE);
    cr_expect_eq(pg_commit(tx, &err), 0);
}

Test(pg, calls_to_hung_server_fail_at_once_after_timeout)
{
    start_with_table();
    with_client(hang_and_return);
}

static void hang_for_long(void)
{
    char text[300];
    cr_expect(becomes_up(true, 30000));
    fiber_sleep(timeout_ms); /* time for both to connect: without it the test proves nothing */
    server_pause(&server);
    cr_expect_eq(read_one(&by_id, "7", 60000, text), ERR_TIMEOUT);
    cr_expect_eq(read_one(&by_id, "7", 60000, text), ERR_UNREACHABLE, "the other connection counts as hung too");
    fiber_sleep(3 * timeout_ms); /* the connections are closed, new ones are attempted */
    cr_expect_eq(read_one(&by_id, "7", 60000, text), ERR_UNREACHABLE);
    server_resume(&server);
    int64_t limit = deadline_in(30000);
    while (read_one(&by_id, "7", 60000, text) != ERR_NONE && deadline_left(limit) > 0)
        fiber_sleep(5); /* an attempt has 0.5 s; the first one after the pause may need more */
    cr_expect_str_eq(text, "name7");
}

Test(pg, long_hang_leads_to_a_new_connection)
{
    timeout_ms = 500;
    readers = 2;
    start_with_table();
    with_client(hang_for_long);
}

static void hang_in_commit(void)
{
    struct pg_transaction *tx;
    struct err err = ERR_INIT;
    cr_expect(becomes_up(true, 30000));
    int began = begin(&tx, 60000);
    cr_expect_eq(began, ERR_NONE);
    if (began != ERR_NONE)
        return;
    cr_expect_eq(run(tx, "2001"), ERR_NONE);
    server_pause(&server);
    cr_expect_eq(pg_commit(tx, &err), -1);
    cr_expect_eq(err.code, ERR_UNKNOWN_OUTCOME, "%s", err.text);
    cr_expect_not(pg_is_up(pg), "the readers count as hung too");
    server_resume(&server);
    cr_expect(becomes_up(true, 30000), "the ping is answered, so they are used again");
}

Test(pg, commit_without_reply_times_out)
{
    timeout_ms = 5000;
    start_with_table();
    with_client(hang_in_commit);
}

/* --- Deadlines and cancelling ----------------------------------------------------- */

static void read_slowly(void)
{
    char text[300] = "";
    /* If the machine stalls, PostgreSQL's error arrives too late. Then the test repeats the read. */
    for (int i = 0; i < 5 && !strstr(text, "statement timeout"); i++) {
        cr_expect(becomes_up(true, 30000));
        int64_t begin_ms = clock_ms();
        cr_expect_eq(read_one(&nap, "30", 60000, text), ERR_TIMEOUT);
        cr_expect_lt(clock_ms() - begin_ms, 25000);
    }
    cr_expect(strstr(text, "statement timeout"), "%s", text);
    cr_expect(pg_is_up(pg), "PostgreSQL answered the read");
    cr_expect_eq(read_one(&by_id, "7", 10000, text), ERR_NONE, "%s", text);
    cr_expect_eq(read_one(&by_id, "7", 0, text), ERR_TIMEOUT);
    cr_expect(pg_is_up(pg), "nothing was sent");
}

Test(pg, server_ends_slow_statement_before_the_timeout)
{
    timeout_ms = 5000; /* PostgreSQL ends it 10 % earlier; this tenth must be enough for its reply */
    start_with_table();
    with_client(read_slowly);
}

static void read_until_cancelled(void *arg)
{
    char text[300];
    *(enum err_code *)arg = read_one(&nap, "0.5", 10000, text);
}

static void cancel_a_read(void)
{
    char text[300];
    enum err_code code = ERR_NONE;
    struct group group = {0};
    cr_expect(becomes_up(true, 30000));
    group_go(&group, read_until_cancelled, &code);
    fiber_yield(); /* the read is sent … */
    fiber_yield(); /* … and in progress */
    group_cancel(&group);
    group_join(&group);
    cr_expect_eq(code, ERR_CANCELLED);
    cr_expect_eq(read_one(&by_id, "7", 5000, text), ERR_NONE, "%s", text);
    cr_expect_str_eq(text, "name7", "not the rows of the cancelled read");
}

Test(pg, late_reply_of_cancelled_read_is_dropped)
{
    start_with_table();
    with_client(cancel_a_read);
}

static void close_during_a_read(void)
{
    enum err_code code = ERR_NONE;
    struct group group = {0};
    cr_expect(becomes_up(true, 30000));
    group_go(&group, read_until_cancelled, &code);
    fiber_yield(); /* the read is sent … */
    fiber_yield(); /* … and in progress */
    group_cancel(&group);
    group_join(&group);
}

Test(pg, close_works_while_a_reply_is_pending)
{
    start_with_table();
    with_client(close_during_a_read);
}

static void do_nothing(void)
{
}

Test(pg, close_works_while_connecting)
{
    with_client(do_nothing);
}

/* --- Transactions ----------------------------------------------------------------- */

static void commit_and_roll_back(void)
{
    char text[300];
    struct pg_transaction *tx;
    struct pg_rows *rows;
    struct err err = ERR_INIT;
    cr_expect(becomes_up(true, 30000));

    cr_expect_eq(begin(&tx, 10000), ERR_NONE);
    cr_expect_eq(pg_run(tx, &insert, (const char *[]){"2001", NULL}, &rows, &err), 0, "%s", err.text);
    cr_expect_str_eq(pg_rows_get(rows, 0, 0), "2001");
    pg_rows_free(rows);
    read_one(&by_id, "2001", 10000, text);
    cr_expect_str_eq(text, "(none)", "others do not see it before the commit");
    cr_expect_eq(pg_commit(tx, &err), 0, "%s", err.text);
    read_one(&by_id, "2001", 10000, text);
    cr_expect_str_eq(text, "", "NULL is returned as an empty text");

    cr_expect_eq(begin(&tx, 10000), ERR_NONE);
    cr_expect_eq(run(tx, "2002"), ERR_NONE);
    pg_rollback(tx);
    read_one(&by_id, "2002", 10000, text);
    cr_expect_str_eq(text, "(none)");

    cr_expect_eq(begin(&tx, 10000), ERR_NONE);
    cr_expect_eq(run(tx, "2002"), ERR_NONE);
    cr_expect_eq(run(tx, "1"), ERR_FAILED, "a unique violation that it does not expect");
    cr_expect_eq(run(tx, "2003"), ERR_FAILED, "the transaction is aborted");
    cr_expect_eq(pg_commit(tx, &err), -1, "the commit reports it");
    cr_expect_eq(err.code, ERR_FAILED, "%s", err.text);
    read_one(&by_id, "2002", 10000, text);
    cr_expect_str_eq(text, "(none)");

    cr_expect_eq(begin(&tx, 10000), ERR_NONE);
    cr_expect_eq(run(tx, "none"), ERR_INVALID);
    pg_rollback(tx);
}

Test(pg, transaction_is_committed_whole_or_not_at_all)
{
    start_with_table();
    with_client(commit_and_roll_back);
}

static const struct pg_statement only_read = {
    "only_read", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", 0};

static void write_after_read_only(void)
{
    struct pg_transaction *tx;
    struct err err = ERR_INIT;
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(begin(&tx, 10000), ERR_NONE);
    cr_expect_eq(pg_run(tx, &only_read, NULL, NULL, &err), 0, "%s", err.text);
    cr_expect_eq(pg_commit(tx, &err), 0, "%s", err.text);
    enum err_code code = begin(&tx, 10000);
    cr_expect_eq(code, ERR_NONE);
    if (code != ERR_NONE)
        return;
    cr_expect_eq(run(tx, "2001"), ERR_NONE);
    cr_expect_eq(pg_commit(tx, &err), 0, "%s", err.text);
}

Test(pg, read_only_session_is_replaced_before_a_write)
{
    start_with_table();
    with_client(write_after_read_only);
}

static const struct pg_statement insert_elsewhere = {
    "insert_elsewhere", "INSERT INTO elsewhere (id) VALUES ($1)", 1};

static void fail_to_write(void)
{
    struct err err = ERR_INIT, shown = ERR_INIT, forgotten = ERR_INIT;
    const char *const id[] = {"2001"}, *const row[] = {"2001", "new"};
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(pg_execute(pg, &insert_elsewhere, id, NULL, deadline_in(10000), NULL, &err), -1);
    cr_expect_eq(pg_check_writable(pg, deadline_in(10000), &shown), -1);
    cr_expect_str_eq(shown.text, err.text);
    cr_expect_eq(pg_execute(pg, &insert, row, NULL, deadline_in(10000), NULL, &err), 0);
    cr_expect_eq(pg_check_writable(pg, deadline_in(10000), &forgotten), 0, "%s", forgotten.text);
    err_clear(&err);
    cr_expect_eq(pg_execute(pg, &insert, row, NULL, deadline_in(10000), NULL, &err), -1, "the key exists");
    cr_expect_eq(pg_check_writable(pg, deadline_in(10000), &forgotten), 0, "only this value was refused");
}

Test(pg, error_of_each_write_is_shown_until_a_commit)
{
    start_with_table();
    with_client(fail_to_write);
}

static const struct pg_statement count_naps = {
    "count_naps", "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep($1%'"
                  " AND pid <> pg_backend_pid()", 0};

static void expect_naps(const char *count)
{
    char text[300] = "";
    int64_t limit = deadline_in(30000);
    while (strcmp(text, count) != 0 && deadline_left(limit) > 0) {
        fiber_sleep(5); /* the readers count as hung for a moment, and a read then fails at once */
        read_one(&count_naps, NULL, 10000, text);
    }
    cr_expect_str_eq(text, count);
}

static void give_up_a_statement(void)
{
    struct pg_transaction *tx;
    struct err err = ERR_INIT;
    cr_expect(becomes_up(true, 30000));
    if (begin(&tx, 5000) != ERR_NONE) {
        cr_expect_fail("no transaction begins");
        return;
    }
    cr_expect_eq(pg_run(tx, &nap, (const char *[]){"100"}, NULL, &err), -1);
    cr_expect_eq(err.code, ERR_TIMEOUT, "%s", err.text);
    pg_rollback(tx);
    expect_naps("0");
    cr_expect(becomes_up(true, 30000));
    for (int i = 0; i < 4; i++) { /* more than the pool has: each place becomes free again */
        cr_expect_eq(begin(&tx, 10000), ERR_NONE);
        pg_rollback(tx);
    }
}

Test(pg, abandoned_statement_is_cancelled_on_the_server)
{
    timeout_ms = 60000; /* so that statement_timeout does not end it first */
    start_with_table();
    with_client(give_up_a_statement);
}

static enum err_code execute(const char *id, const char *name, const struct pg_unique *unique)
{
    struct err err = ERR_INIT;
    pg_execute(pg, &insert, (const char *[]){id, name}, unique, deadline_in(10000), NULL, &err);
    return err.code;
}

static void violate_keys(void)
{
    const struct pg_unique by_name = {"t", "name"}, similar = {"t", "nam"};
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(execute("2001", "new", &by_name), ERR_NONE);
    cr_expect_eq(execute("2002", "new", &by_name), ERR_CONFLICT);
    cr_expect_eq(execute("2002", "new", &similar), ERR_FAILED);
    cr_expect_eq(execute("2002", "new", NULL), ERR_FAILED);
    cr_expect_eq(execute("2001", "(name)=(", &by_name), ERR_FAILED, "the primary key");
    cr_expect_eq(execute("2002", "", &by_name), ERR_INVALID, "a check");
}

Test(pg, only_the_expected_key_is_a_conflict)
{
    struct err err = ERR_INIT;
    start_with_table();
    cr_expect_eq(server_sql(&server, NULL, "CREATE UNIQUE INDEX whatever ON t (lower(name)); ALTER TABLE t ADD CHECK (name <> '')", &err), 0);
    with_client(violate_keys);
}

static void commit_one(void *arg)
{
    char id[16];
    struct pg_transaction *tx;
    struct err err = ERR_INIT;
    snprintf(id, sizeof id, "%d", 3000 + *(int *)arg);
    cr_expect_eq(begin(&tx, 10000), ERR_NONE);
    cr_expect_eq(run(tx, id), ERR_NONE);
    cr_expect_eq(pg_commit(tx, &err), 0, "%s", err.text);
}

static void exceed_the_pool(void)
{
    static int numbers[20];
    struct pg_transaction *first, *second, *third;
    struct group group = {0};
    cr_expect(becomes_up(true, 30000));
    for (int i = 0; i < 20; i++) {
        numbers[i] = i;
        group_go(&group, commit_one, &numbers[i]);
    }
    group_join(&group);

    cr_expect_eq(begin(&first, 10000), ERR_NONE);
    cr_expect_eq(begin(&second, 10000), ERR_NONE);
    cr_expect_eq(begin(&third, 50), ERR_TIMEOUT, "both connections are in use");
    cr_expect(pg_is_up(pg), "a full pool does not mean that PostgreSQL is down");
    pg_rollback(first);
    pg_rollback(second);
}

Test(pg, excess_transactions_wait_for_a_connection)
{
    start_with_table();
    with_client(exceed_the_pool);
}

static char order_of_commits[8];

static void commit_three(void *arg)
{
    for (int i = 0; i < 3; i++) {
        int number = *(const char *)arg * 10 + i;
        commit_one(&number);
        strcat(order_of_commits, arg);
    }
}

static void two_take_turns(void)
{
    struct pg_transaction *other;
    struct group group = {0};
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(begin(&other, 10000), ERR_NONE);
    group_go(&group, commit_three, "1");
    group_go(&group, commit_three, "2");
    group_join(&group);
    cr_expect_str_eq(order_of_commits, "121212");
    pg_rollback(other);
}

/* A new transaction waits behind those that wait already. */
Test(pg, transactions_get_their_turn_in_order)
{
    start_with_table();
    with_client(two_take_turns);
}

/* --- Many ------------------------------------------------------------------------- */

enum { FIBERS = 64, EACH = 500 };

static void read_many(void *arg)
{
    int right = 0;
    for (int i = 0; i < EACH; i++) {
        int number = (*(int *)arg * EACH + i) % 1000 + 1;
        char id[16], want[32], text[300];
        snprintf(id, sizeof id, "%d", number);
        snprintf(want, sizeof want, "name%d", number);
        right += read_one(&by_id, id, 10000, text) == ERR_NONE && strcmp(text, want) == 0;
    }
    cr_expect_eq(right, EACH);
}

static void read_in_many_fibers(void)
{
    static int numbers[FIBERS];
    struct group group = {0};
    cr_expect(becomes_up(true, 30000));
    int64_t begin_us = clock_us();
    for (int i = 0; i < FIBERS; i++) {
        numbers[i] = i;
        group_go(&group, read_many, &numbers[i]);
    }
    group_join(&group);
    printf("pg: %d fibers, %d connection(s): %lld reads/s\n", FIBERS, readers,
           FIBERS * EACH * 1000000LL / (clock_us() - begin_us));
}

Test(pg, fibers_on_one_connection_get_their_own_rows)
{
    start_with_table();
    with_client(read_in_many_fibers);
}

Test(pg, fibers_on_two_connections_get_their_own_rows)
{
    readers = 2;
    start_with_table();
    with_client(read_in_many_fibers);
}
