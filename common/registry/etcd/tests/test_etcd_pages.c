/* etcd_fetch.c: a list of many pages, from a server that is slow on virtual time. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "registry/etcd/etcd.h"

enum { PAGES = 4, PAGE_BYTES = 1024 * 1024 };

static int64_t page_ms; /* how long the server takes for a page */
static int pages_sent;

static void cleanup(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(etcd_pages, .fini = cleanup, .timeout = 300);

/* One instance: /services/user-service/u-1, with an address and a port. The rest of the page is blank. */
static void send_page(struct http_request *req, void *arg)
{
    static const char entry[] = "{\"key\":\"L3NlcnZpY2VzL3VzZXItc2VydmljZS91LTE=\",\"mod_revision\":\"7\","
                                "\"value\":\"eyJhZGRyZXNzIjoiMTAuMC4wLjEiLCJwb3J0Ijo4MDAxfQ==\"}";
    static char page[PAGE_BYTES + 1024];
    (void)arg;
    pages_sent++;
    clock_advance_to(clock_ms() + page_ms);
    int len = snprintf(page, sizeof page, "{\"header\":{\"revision\":\"15\"},%*s\"kvs\":[%s],\"more\":%s,\"count\":\"1\"}",
                       PAGE_BYTES, "", entry, pages_sent < PAGES ? "true" : "false");
    http_reply(req, 200, "application/json", page, (size_t)len);
}

/* Reads the list within a second, from a server that takes this long for each page. */
static void read_pages(void *arg)
{
    static const struct http_route route = {"POST", "/v3/kv/range", send_page, 0};
    struct http_server_config config = {.address = "127.0.0.1", .served_by = "etcd", .routes = &route,
                                        .route_count = 1, .max_requests = 10};
    struct err *err = arg;
    struct http_server *server = http_server_new(&config, err);
    cr_assert(server, "%s", err->text);
    struct http_client *http = http_client_new(16);
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", http_server_port(server));
    struct registry *etcd = etcd_new(endpoint, http, err);
    struct registry_cursor cursor = {0};
    struct instance_list *list = NULL;
    clock_make_virtual(1000);
    int rc = registry_fetch(etcd, "user-service", &cursor, 0, deadline_in(1000), &list, err);
    cr_expect_eq(rc == 0, list && list->count == 1);
    instance_list_unref(list);
    registry_free(etcd);
    http_client_free(http);
    http_server_close(server, deadline_in(1000));
}

static enum err_code read_from_server_that_takes(int64_t ms)
{
    struct err err = ERR_INIT;
    page_ms = ms;
    pages_sent = 0;
    loop_open();
    loop_run(read_pages, &err);
    cr_expect_eq(loop_close(), 0);
    return err.code;
}

/* As in one reply, each MiB that has arrived moves the deadline by a second. */
Test(etcd_pages, long_list_is_read_past_the_deadline)
{
    cr_expect_eq(read_from_server_that_takes(900), ERR_NONE);
    cr_expect_eq(pages_sent, PAGES);
}

Test(etcd_pages, slow_pages_end_at_the_deadline)
{
    cr_expect_eq(read_from_server_that_takes(2500), ERR_TIMEOUT);
    cr_expect_lt(pages_sent, PAGES);
}
