/* Databases as users have them: other locales and encodings, older schemas, triggers, a sequence behind its rows. */
#include "service/tests/http_case.h"
#include "service/tests/service_case.h"

TestSuite(user_database, .timeout = 300);

static struct world world;
static struct service users;
static struct server database; /* another database, or the usual one */
static struct server cluster;  /* of its own, which has template0 */

static void setup(void)
{
    start_stores(&world);
    database = world.postgres;
}

static void teardown(void)
{
    cr_expect_eq(service_stop(&users), 0);
    server_close(&cluster);
    world_stop(&world);
}

static void run_sql(const struct server *server, const char *file, const char *statement)
{
    struct err err = ERR_INIT;
    cr_expect_eq(server_sql(server, file, statement, &err), 0, "%s: %s", file ? file : statement, err.text);
}

static void load_schema(void)
{
    char file[PLACE_PATH_MAX + 64], source[PLACE_PATH_MAX];
    source_path(source);
    snprintf(file, sizeof file, "%s/user-service/schema.sql", source);
    run_sql(&database, file, NULL);
}

/* As PostgreSQL's superuser: our own role may not create databases. */
static void create_database(const char *name, const char *properties)
{
    char statement[160];
    struct err err = ERR_INIT;
    cr_assert_eq(server_init(&cluster, SERVER_POSTGRES, &world.folder, &err), 0, "%s", err.text);
    cluster.env[0] = "PG_TEMPLATE="; /* initdb: see run-postgres */
    cr_assert_eq(server_start(&cluster, &err), 0, "%s", err.text);
    database = cluster;
    snprintf(database.url, sizeof database.url, "postgresql://postgres@127.0.0.1:%d/postgres", cluster.port.number);
    snprintf(statement, sizeof statement, "CREATE DATABASE %s TEMPLATE template0 OWNER lesson %s", name, properties);
    run_sql(&database, NULL, statement);
    snprintf(database.url, sizeof database.url, "postgresql://lesson@127.0.0.1:%d/%s", cluster.port.number, name);
    load_schema();
}

static void start_users(const char *setting)
{
    char url[160];
    snprintf(url, sizeof url, "DATABASE_URL=%s", database.url);
    start_service(&users, &world, "user-service", (const char *[]){url, "DATABASE_TIMEOUT=20s", setting, NULL});
    cr_assert(await_status(&users, "/health", 200));
}

/* The first line of the log with this text, without its time; "" if there is none. */
static const char *log_line(const char *text, char out[400])
{
    char *output = proc_output(&users.proc), *at = strstr(output, text);
    while (at && at > output && at[-1] != '\n')
        at--;
    at = at ? strstr(at, "level=") : NULL;
    snprintf(out, 400, "%.*s", at ? (int)strcspn(at, "\n") : 0, at ? at : "");
    free(output);
    return out;
}

static void expect_line(const char *text, const char *whole)
{
    char line[400];
    cr_expect_str_eq(log_line(text, line), whole);
}

/* --- Which unique constraint? ------------------------------------------------------- */

#define NEW_USER(email) "{\"name\":\"A\",\"email\":\"" email "\"}"

Test(user_database, sequence_behind_its_rows_is_no_conflict, .init = setup, .fini = teardown)
{
    char line[400];
    start_users(NULL);
    run_sql(&database, NULL, "SELECT setval(pg_get_serial_sequence('users', 'id'), 5)");
    EXPECT_CASES(&users, {"/users", 503, .body = NEW_USER("fresh@x.y"), .part = "it refused the values"});
    cr_expect(strstr(log_line("users_pkey", line), "msg=postgres_error sqlstate=23505"), "%s", line);
    run_sql(&database, NULL, "SELECT setval(pg_get_serial_sequence('users', 'id'), 1000)");
    EXPECT_CASES(&users,
                 {"/users", 201, .body = NEW_USER("fresh@x.y")},
                 {"/users", 409, .body = NEW_USER("Fresh@x.y"), .part = "e-mail exists"});
}

Test(user_database, only_the_emails_key_is_a_conflict, .init = setup, .fini = teardown)
{
    start_users(NULL);
    run_sql(&database, NULL, "ALTER INDEX users_email_key RENAME TO one_account");
    EXPECT_CASES(&users, {"/users", 409, .body = NEW_USER("user7@example.com")});
    run_sql(&database, NULL, "CREATE UNIQUE INDEX users_name_key ON users (name)");
    EXPECT_CASES(&users, {"/users", 503, .body = "{\"name\":\"User7\",\"email\":\"(email)=(@x.y\"}"});
    run_sql(&database, NULL,
            "CREATE TABLE letters (email text UNIQUE); INSERT INTO letters VALUES ('twice@x.y');"
            "CREATE FUNCTION write_letter() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN INSERT INTO letters VALUES (NEW.email); RETURN NEW; END';"
            "CREATE TRIGGER letter AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION write_letter()");
    EXPECT_CASES(&users,
                 {"/users", 503, .body = NEW_USER("twice@x.y"), .part = "it refused the values"},
                 {"/users", 201, .body = NEW_USER("once@x.y")});
}

static void expect_conflict(bool is_conflict, const char *properties, const char *undo, const char *email)
{
    char body[120];
    snprintf(body, sizeof body, "{\"name\":\"A\",\"email\":\"%s\"}", email);
    run_sql(&database, NULL, properties);
    EXPECT_CASES(&users, {"/users", is_conflict ? 409 : 503, .body = body});
    run_sql(&database, NULL, undo);
}

Test(user_database, key_of_a_part_of_the_email_is_no_conflict, .init = setup, .fini = teardown)
{
    start_users(NULL);
    run_sql(&database, NULL, "DELETE FROM users WHERE id > 1");
    expect_conflict(false, "CREATE UNIQUE INDEX by_domain ON users (split_part(email, '@', 2))", "DROP INDEX by_domain",
                    "fresh@example.com");
    expect_conflict(false, "CREATE UNIQUE INDEX by_start ON users (substring(email from 1 for 4))",
                    "DROP INDEX by_start", "user2@x.y");
    expect_conflict(false, "ALTER TABLE users ADD backup_email text UNIQUE DEFAULT 'none'",
                    "ALTER TABLE users DROP backup_email", "backup@x.y");
    EXPECT_CASES(&users, {"/users", 201, .body = NEW_USER("fresh@example.com")});
}

/* Each key is the only one on the e-mail: what the schema of another team may have instead of ours. */
Test(user_database, email_key_of_another_kind_is_a_conflict, .init = setup, .fini = teardown)
{
    start_users(NULL);
    run_sql(&database, NULL, "DROP INDEX users_email_key");
    expect_conflict(true, "CREATE UNIQUE INDEX k ON users ((true), lower(email::varchar))", "DROP INDEX k",
                    "USER7@example.com");
    expect_conflict(true, "ALTER TABLE users ADD CONSTRAINT k UNIQUE (email) DEFERRABLE INITIALLY DEFERRED",
                    "ALTER TABLE users DROP CONSTRAINT k", "user7@example.com");
    expect_conflict(true, "ALTER TABLE users ADD CONSTRAINT k EXCLUDE (email WITH =)",
                    "ALTER TABLE users DROP CONSTRAINT k", "user7@example.com");
    expect_conflict(true,
                    "CREATE UNIQUE INDEX k ON users (lower(email)); ALTER TABLE users RENAME TO people;"
                    "CREATE VIEW users AS SELECT * FROM people",
                    "DROP VIEW users; DROP INDEX k; ALTER TABLE people RENAME TO users", "user7@example.com");
}

/* --- A statement that adds no row, or cannot ------------------------------------------ */

Test(user_database, row_that_a_trigger_skips_is_not_created, .init = setup, .fini = teardown)
{
    char line[400];
    start_users(NULL);
    run_sql(&database, NULL,
            "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
            "CREATE TRIGGER skip BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION skip()");
    EXPECT_CASES(&users, {"/users", 503, .body = NEW_USER("a@x.y"), .part = "added no row"});
    cr_expect(strstr(log_line("added no row", line), "msg=postgres_error"), "%s", line);
}

Test(user_database, exhausted_sequence_is_no_bad_value, .init = setup, .fini = teardown)
{
    char line[400];
    start_users(NULL);
    run_sql(&database, NULL, "ALTER SEQUENCE users_id_seq MAXVALUE 1001; SELECT setval('users_id_seq', 1001)");
    EXPECT_CASES(&users, {"/users", 503, .body = NEW_USER("a@x.y")});
    cr_expect(strstr(log_line("2200H", line), "msg=postgres_error"), "%s", line);
}

Test(user_database, id_beyond_its_type_is_no_bad_value, .init = setup, .fini = teardown)
{
    char line[400];
    start_users(NULL);
    run_sql(&database, NULL,
            "CREATE SEQUENCE ids START 2147483647; ALTER TABLE users ALTER id DROP IDENTITY, ALTER id TYPE integer;"
            "ALTER TABLE users ALTER id SET DEFAULT nextval('ids')");
    EXPECT_CASES(&users, {"/users", 201, .body = NEW_USER("a@x.y")}, {"/users", 503, .body = NEW_USER("b@x.y")});
    cr_expect(strstr(log_line("22003", line), "msg=postgres_error"), "%s", line);
}

/* --- E-mails that differ in case only ------------------------------------------------- */

static void expect_case_ignored(void)
{
    EXPECT_CASES(&users,
                 {"/users", 201, .body = NEW_USER("élan@x.y")},
                 {"/users", 409, .body = NEW_USER("ÉLAN@x.y")},
                 {"/users", 409, .body = NEW_USER("Élan@X.y")},
                 {"/users", 201, .body = NEW_USER("elan@x.y")},
                 {"/users", 409, .body = NEW_USER("USER5@example.com")});
}

Test(user_database, case_is_ignored_in_locale_c, .init = setup, .fini = teardown)
{
    create_database("locale_c", "ENCODING 'UTF8' LOCALE 'C'");
    start_users(NULL);
    expect_case_ignored();
    EXPECT_CASES(&users,
                 {"/users", 201, .body = NEW_USER("иван@x.y")},
                 {"/users", 409, .body = NEW_USER("ИВАН@x.y")},
                 {"/users", 201, .body = NEW_USER("σοφος@x.y")},
                 {"/users", 409, .body = NEW_USER("ΣΟΦΟΣ@x.y")},
                 {"/users", 201, .body = NEW_USER("straße@x.y")},
                 {"/users", 409, .body = NEW_USER("STRASSE@x.y")},
                 {"/users", 409, .body = NEW_USER("STRAẞE@x.y")});
}

Test(user_database, older_schema_gets_the_new_email_index, .init = setup, .fini = teardown)
{
    static const char older[] = "DROP INDEX users_email_key; CREATE UNIQUE INDEX users_email_key ON users (lower(email))";
    create_database("older", "ENCODING 'UTF8' LOCALE 'C'");
    run_sql(&database, NULL, older);
    /* Two e-mails that the new index does not allow: the old one stays, and the data. */
    run_sql(&database, NULL, "INSERT INTO users (name, email) VALUES ('A', 'Óla@x.y'), ('B', 'óla@x.y')");
    load_schema();
    start_users(NULL);
    EXPECT_CASES(&users, {"/users", 409, .body = NEW_USER("USER5@example.com")},
                 {"/users/1002", 200, .part = "óla"});
    run_sql(&database, NULL, "UPDATE users SET email = 'olla@x.y' WHERE name = 'B'");
    load_schema();
    load_schema();
    expect_case_ignored();
}

/* --- Encodings -------------------------------------------------------------------------- */

Test(user_database, text_is_utf8_whatever_the_environment_says, .init = setup, .fini = teardown)
{
    start_users("PGCLIENTENCODING=LATIN1");
    EXPECT_CASES(&users,
                 {"/users", 201, .body = "{\"name\":\"é中\",\"email\":\"é@x.y\"}", .part = "\"name\":\"é中\""},
                 {"/users/1001", 200, .part = "{\"id\":\"1001\",\"name\":\"é中\",\"email\":\"é@x.y\"}"});
    run_sql(&database, NULL, "SELECT 1 / (count(*) = 1)::int FROM users WHERE convert_to(name, 'UTF8') = '\\xc3a9e4b8ad'");
}

Test(user_database, latin1_database_damages_no_name, .init = setup, .fini = teardown)
{
    char line[400];
    create_database("latin1", "ENCODING 'LATIN1' LOCALE 'C'");
    snprintf(database.url + strlen(database.url), 40, "?client_encoding=LATIN1");
    start_users(NULL);
    EXPECT_CASES(&users,
                 {"/users", 201, .body = "{\"name\":\"é\",\"email\":\"é@x.y\"}", .part = "\"name\":\"é\""},
                 {"/users/1001", 200, .part = "\"name\":\"é\""},
                 {"/users", 409, .body = NEW_USER("É@x.y")},
                 {"/users", 503, .body = "{\"name\":\"中\",\"email\":\"z@x.y\"}", .part = "use a database with the encoding UTF8"});
    expect_line("postgres_encoding", "level=warn msg=postgres_encoding encoding=LATIN1 "
                                     "hint=\"use a database with the encoding UTF8: this one cannot hold every text\"");
    cr_expect(strstr(log_line("22P05", line), "msg=postgres_error"), "%s", line);
}

Test(user_database, invalid_bytes_of_sql_ascii_are_not_sent, .init = setup, .fini = teardown)
{
    create_database("ascii", "ENCODING 'SQL_ASCII' LOCALE 'C'");
    start_users(NULL);
    run_sql(&database, NULL, "UPDATE users SET name = E'a\\xff' WHERE id = 9");
    EXPECT_CASES(&users,
                 {"/users/9", 503, .part = "invalid byte sequence"},
                 {"/users", 201, .body = "{\"name\":\"é中\",\"email\":\"é@x.y\"}", .part = "\"name\":\"é中\""},
                 {"/users", 409, .body = NEW_USER("USER5@example.com")});
    expect_line("22021", "level=warn msg=postgres_error sqlstate=22021 "
                         "error=\"invalid byte sequence for encoding \\\"UTF8\\\": 0xff\"");
}

/* --- Notices ------------------------------------------------------------------------------ */

static void expect_log_lines_only(void)
{
    char *output = proc_output(&users.proc);
    for (const char *line = output; *line; line += strcspn(line, "\n") + 1)
        cr_expect(strncmp(line, "time=", 5) == 0, "%s", line);
    free(output);
}

Test(user_database, warning_of_a_trigger_is_one_log_line, .init = setup, .fini = teardown)
{
    start_users(NULL);
    run_sql(&database, NULL,
            "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE WARNING E'first\\nlevel=error msg=forged' USING DETAIL = 'secret', HINT = 'a hint';"
            " RAISE NOTICE 'quiet'; RETURN NEW; END$$;"
            "CREATE TRIGGER shout AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION shout()");
    EXPECT_CASES(&users, {"/users", 201, .body = NEW_USER("a@x.y")}, {"/users", 201, .body = NEW_USER("b@x.y")});
    expect_line("postgres_notice", "level=warn msg=postgres_notice severity=WARNING sqlstate=01000 "
                                   "notice=\"first\\nlevel=error msg=forged\"");
    expect_log_lines_only();
    char *output = proc_output(&users.proc);
    cr_expect_not(strstr(output, "secret") || strstr(output, "quiet"), "%s", output);
    free(output);
}

/* Of a folder libpq says the same as of a file that others may read. */
Test(user_database, unfit_password_file_is_one_log_line, .init = setup, .fini = teardown)
{
    snprintf(database.url, sizeof database.url, "postgresql://lesson@127.0.0.1:%d/lesson", world.postgres.port.number);
    start_users("PGPASSFILE=/");
    EXPECT_CASES(&users, {"/users/7", 200});
    expect_line("password_file", "level=warn msg=postgres_password_file_ignored file=/ "
                                 "hint=\"it must be a plain file that only its owner may read: chmod 600\"");
    expect_log_lines_only();
}
