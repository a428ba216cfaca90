/* pg where DATABASE_URL names several hosts, and where a name has several addresses. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/server.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/resolve.h"
#include "store/pg.h"

/* --- Three addresses, of which the last one has a PostgreSQL ------------------------------ */

static const char refused[] = "127.0.0.2", silent[] = "127.0.0.3", serving[] = "127.0.0.1";

static struct folder folder;
static struct server server;
static int listener; /* the system accepts connections to it, and nothing replies */
static char url[256];

static bool look_up(const char *host, struct addresses *out)
{
    if (strcmp(host, "three.test") != 0)
        return false;
    snprintf(out->list[0], ADDRESS_MAX, "%s", refused);
    snprintf(out->list[1], ADDRESS_MAX, "%s", silent);
    snprintf(out->list[2], ADDRESS_MAX, "%s", serving);
    out->count = 3;
    return true;
}

static void setup(void)
{
    struct err err = ERR_INIT;
    cr_assert_eq(folder_take(&folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&server, SERVER_POSTGRES, &folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_start(&server, &err), 0, "%s", err.text);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server.port.number)};
    inet_pton(AF_INET, silent, &address.sin_addr);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, 16), 0);
    resolve_with(look_up);
    loop_open();
}

static void teardown(void)
{
    cr_expect_eq(loop_close(), 0);
    close(listener);
    server_close(&server);
    folder_remove(&folder);
}

TestSuite(pg_hosts, .init = setup, .fini = teardown, .timeout = 300);

static const struct pg_statement one = {"one", "SELECT 1", 0};

static enum err_code read_one(struct pg *pg, char text[300])
{
    struct err err = ERR_INIT;
    struct pg_rows *rows = NULL;
    pg_read(pg, &one, NULL, deadline_in(10000), &rows, &err);
    pg_rows_free(rows);
    snprintf(text, 300, "%s", err.text);
    return err.code;
}

static void expect_read_and_transaction(void *arg)
{
    (void)arg;
    char text[300] = "";
    struct err err = ERR_INIT;
    struct pg *pg = pg_new(&(struct pg_config){
        .url = url, .timeout_ms = 500, .read_connections = 1, .transaction_connections = 1});
    int64_t limit = deadline_in(60000);
    while (read_one(pg, text) != ERR_NONE && deadline_left(limit) > 0)
        fiber_sleep(5);
    bool is_reached = read_one(pg, text) == ERR_NONE;
    cr_expect(is_reached, "%s", text);
    /* Its deadline is shorter than connect_timeout: it begins with the host that was reached. */
    int64_t again = deadline_in(is_reached ? 60000 : 0);
    while (pg_execute(pg, &one, NULL, NULL, deadline_in(500), NULL, &err) != 0 && deadline_left(again) > 0)
        err_clear(&err);
    cr_expect_eq(err.code, ERR_NONE, "%s", err.text);
    pg_close(pg);
}

#define EXPECT_REACHED(format, ...)                                                                                    \
    do {                                                                                                               \
        snprintf(url, sizeof url, "postgresql://lesson@" format, __VA_ARGS__);                                         \
        loop_run(expect_read_and_transaction, NULL);                                                                   \
    } while (0)

Test(pg_hosts, unknown_host_keeps_no_other_from_use)
{
    EXPECT_REACHED("gone.test:1,%s:%d/lesson", serving, server.port.number);
}

Test(pg_hosts, silent_host_keeps_no_other_from_use)
{
    EXPECT_REACHED("%s:%d,%s:%d/lesson?connect_timeout=2", silent, server.port.number, serving, server.port.number);
}

Test(pg_hosts, each_address_of_a_name_is_tried)
{
    EXPECT_REACHED("three.test:%d/lesson", server.port.number);
}

Test(pg_hosts, environment_of_libpq_names_hosts_too)
{
    char port[16];
    snprintf(port, sizeof port, "%d", server.port.number);
    setenv("PGHOST", "gone.test,three.test", 1);
    setenv("PGPORT", port, 1);
    EXPECT_REACHED("%s", "/lesson");
}

Test(pg_hosts, service_file_names_hosts_too)
{
    char path[PLACE_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/services", folder.path);
    FILE *file = fopen(path, "we");
    cr_assert(file);
    fprintf(file, "[mine]\nhost=%s,%s\nport=%d\ndbname=lesson\n", silent, serving, server.port.number);
    fclose(file);
    setenv("PGSERVICEFILE", path, 1);
    EXPECT_REACHED("%s", "/?service=mine");
    setenv("PGSERVICE", "mine", 1);
    EXPECT_REACHED("%s", "/");
}

Test(pg_hosts, preferred_standby_may_be_a_primary)
{
    EXPECT_REACHED("gone.test:1,%s:%d/lesson?target_session_attrs=prefer-standby", serving, server.port.number);
}

static void expect_all_named(void *arg)
{
    (void)arg;
    char text[300] = "";
    struct pg *pg = pg_new(&(struct pg_config){
        .url = url, .timeout_ms = 300, .read_connections = 1, .transaction_connections = 1});
    int64_t limit = deadline_in(60000);
    do
        cr_expect_eq(read_one(pg, text), ERR_UNREACHABLE);
    while (!strstr(text, "standby mode") && deadline_left(limit) > 0);
    cr_expect(strstr(text, "cannot resolve gone.test"), "%s", text);
    cr_expect(strstr(text, "no reply in time from 127.0.0.3"), "%s", text);
    cr_expect(strstr(text, "server is not in hot standby mode"), "%s", text);
    pg_close(pg);
}

Test(pg_hosts, error_names_each_host_and_its_cause)
{
    snprintf(url, sizeof url, "postgresql://lesson@gone.test:1,%s:%d,%s:%d/lesson?target_session_attrs=standby", silent,
             server.port.number, serving, server.port.number);
    loop_run(expect_all_named, NULL);
}
