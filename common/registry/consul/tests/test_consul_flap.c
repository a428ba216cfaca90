/* Anti-flap on a real Consul: it checks an instance whose checks fail on demand, and the test reads the
 * agent's status before the next check. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "harness/server.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "registry/consul/consul.h"

static void cleanup(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(consul_flap, .fini = cleanup, .timeout = 300);

static struct folder folder;
static struct server server;
static struct registry *consul;
static struct err err;

/* The instance: how often it was checked, and how many further checks will fail. */
static int checks, failures_due;

static void reply_to_check(struct http_request *req, void *arg)
{
    bool fails = failures_due > 0;
    (void)arg;
    checks++;
    failures_due -= fails;
    http_reply(req, fails ? 503 : 200, "text/plain", "", 0);
}

static const struct http_route routes[] = {{"GET", "/health", reply_to_check, 0}};

static enum instance_status status_now(void)
{
    struct registry_cursor cursor = {0};
    struct instance_list *list;
    enum instance_status status = INSTANCE_CRITICAL;
    err_clear(&err);
    cr_expect_eq(registry_fetch(consul, "user-service", &cursor, 0, deadline_in(60000), &list, &err), 0, "%s", err.text);
    if (list && list->count == 1)
        status = list->at[0].status;
    instance_list_unref(list);
    return status;
}

static bool becomes(enum instance_status status)
{
    int64_t limit = deadline_in(60000);
    while (status_now() != status && deadline_left(limit) > 0)
        fiber_sleep(20);
    return status_now() == status;
}

/* Is it passing from now until it has been checked this many times? */
static bool stays_passing(int until_checks)
{
    int64_t limit = deadline_in(60000);
    bool passing = true;
    while (checks < until_checks && deadline_left(limit) > 0) {
        passing = passing && status_now() == INSTANCE_PASSING;
        fiber_sleep(20);
    }
    return passing && checks >= until_checks;
}

static void flap(uint16_t port)
{
    const struct registration_spec spec = {.service = "user-service", .id = "u-1", .address = "127.0.0.1", .port = port,
                                           .tags = "", .version = "", .zone = "", .weight = 1, .check = CHECK_HTTP,
                                           .check_interval_ms = 1000, .check_timeout_ms = 30000,
                                           .deregister_after_ms = 60000};
    cr_expect_eq(registry_register(consul, &spec, deadline_in(60000), &err), 0, "%s", err.text);
    cr_expect(becomes(INSTANCE_PASSING), "one success is enough");

    failures_due = 1;
    cr_expect(stays_passing(checks + 3), "one failure is not enough");
    cr_expect_eq(failures_due, 0);
    int checks_needed = 1000;
    for (int i = 0; i < 5 && checks_needed > 2; i++) { /* Consul's list may follow late on a busy machine */
        failures_due = 1000;
        cr_expect(becomes(INSTANCE_CRITICAL), "two failures in a row are");
        failures_due = 0;
        int before = checks;
        cr_expect(becomes(INSTANCE_PASSING));
        checks_needed = checks - before;
    }
    cr_expect_leq(checks_needed, 2, "one success is enough; it took %d checks", checks_needed);
    cr_expect_eq(registry_deregister(consul, &spec, deadline_in(60000), &err), 0, "%s", err.text);
}

static void with_instance(void *arg)
{
    struct http_server_config instance_config = {.address = "127.0.0.1", .served_by = "u-1", .routes = routes,
                                                 .route_count = 1, .max_requests = 10};
    const struct consul_config config = {.address = server.url, .token = "", .token_file = "", .ca_file = "",
                                         .client_cert = "", .client_key = "", .tls_server_name = ""};
    (void)arg;
    struct http_server *instance = http_server_new(&instance_config, &err);
    struct http_client *http = http_client_new(16);
    consul = consul_new(&config, http, &err);
    cr_expect(instance && consul, "%s", err.text);
    if (instance && consul)
        flap(http_server_port(instance));
    registry_free(consul);
    http_client_free(http);
    http_server_close(instance, deadline_in(1000));
}

Test(consul_flap, two_failed_checks_in_a_row_turn_critical)
{
    cr_assert_eq(folder_take(&folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&server, SERVER_CONSUL, &folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_start(&server, &err), 0, "%s", err.text);
    loop_open();
    loop_run(with_instance, NULL);
    cr_expect_eq(loop_close(), 0);
    server_close(&server);
    folder_remove(&folder);
}
