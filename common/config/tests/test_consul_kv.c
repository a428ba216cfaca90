/* consul_kv.c against a fake agent: what it asks, and what it makes of each reply. A real agent:
 * order-service/tests/test_order_config.c. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/consul_kv.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "net/http_server.h"

static struct fake {
    int status;
    const char *index, *leader, *filtered, *body;
    size_t padding; /* bytes of white space before the body */
    char query[100];
} fake;

static struct config_source *source;
static struct config_entries entries;
static struct err err;
static void (*story)(void);

static void cleanup(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(consul_kv, .fini = cleanup, .timeout = 300);

static void reply(struct http_request *req, void *arg)
{
    (void)arg;
    struct http_text recurse = http_query(req, "recurse"), index = http_query(req, "index");
    struct http_text wait = http_query(req, "wait");
    snprintf(fake.query, sizeof fake.query, "%s %s %s", recurse.text ? "recurse" : "-", index.text ? index.text : "-",
             wait.text ? wait.text : "-");
    if (fake.index)
        http_add_header(req, "X-Consul-Index", fake.index);
    if (fake.leader)
        http_add_header(req, "X-Consul-KnownLeader", fake.leader);
    if (fake.filtered)
        http_add_header(req, "X-Consul-Results-Filtered-By-ACLs", fake.filtered);
    size_t len = fake.padding + strlen(fake.body);
    char *body = malloc(len + 1);
    memset(body, ' ', fake.padding);
    memcpy(body + fake.padding, fake.body, strlen(fake.body));
    http_reply_take(req, fake.status, "application/json", body, len);
}

static const struct http_route routes[] = {{"GET", "/v1/kv/config/order-service/", reply, 0}};

static void with_fake(void *arg)
{
    (void)arg;
    const struct http_server_config config = {.address = "127.0.0.1", .served_by = "fake", .routes = routes,
                                              .route_count = 1, .max_requests = 10};
    struct http_server *server = http_server_new(&config, &err);
    cr_expect(server, "%s", err.text);
    char address[40];
    snprintf(address, sizeof address, "127.0.0.1:%d", http_server_port(server));
    const struct consul_config consul = {.address = address, .token = "", .token_file = "", .ssl_verify = true,
                                         .ca_file = "", .client_cert = "", .client_key = "", .tls_server_name = ""};
    struct http_client *http = http_client_new(4);
    source = consul_kv_new(&consul, "order-service", http, &err);
    cr_expect(source, "%s", err.text);
    story();
    config_entries_close(&entries);
    source->free(source);
    http_client_free(http);
    http_server_close(server, deadline_in(1000));
}

static void run(void (*body)(void))
{
    fake = (struct fake){.status = 200, .index = "7", .leader = "true",
                         .body = "[{\"Key\":\"config/order-service/LB_POLICY\",\"Value\":\"cmFuZG9t\"}]"};
    story = body;
    loop_open();
    loop_run(with_fake, NULL);
    cr_expect_eq(loop_close(), 0);
}

static int fetch(uint64_t index)
{
    config_entries_close(&entries);
    err_clear(&err);
    return source->fetch(source, index, 30000, deadline_in(20000), &entries, &err);
}

static void ask(void)
{
    cr_expect_eq(fetch(0), 0, "%s", err.text);
    cr_expect_str_eq(fake.query, "recurse - -");
    cr_expect_eq(entries.index, 7);
    cr_expect_str_eq(config_entries_find(&entries, "LB_POLICY"), "random");
    cr_expect_eq(fetch(7), 0, "%s", err.text);
    cr_expect_str_eq(fake.query, "recurse 7 30000ms");
    fake.index = "3";
    cr_expect_eq(fetch(7), 0, "%s", err.text);
    cr_expect_eq(entries.index, 3, "the caller sees that the index went back");
}

Test(consul_kv, folder_is_read_by_a_blocking_query)
{
    run(ask);
}

static void find_nothing(void)
{
    fake.status = 404;
    fake.body = "";
    cr_expect_eq(fetch(5), 0, "%s", err.text);
    cr_expect_eq(entries.count, 0);
    cr_expect_eq(entries.index, 7);
    fake.index = NULL; /* the 404 of a proxy */
    cr_expect_eq(fetch(5), -1);
    cr_expect_str_eq(err.text, "cannot read config/order-service/: consul: the reply has no index");
}

Test(consul_kv, empty_folder_has_an_index_else_it_is_an_error)
{
    run(find_nothing);
}

static void expect_failure(const char *text)
{
    cr_expect_eq(fetch(5), -1, "%s", text);
    cr_expect(strstr(err.text, text), "%s", err.text);
    cr_expect_eq(entries.count, 0);
}

static void fail(void)
{
    fake.leader = "false";
    expect_failure("no leader");
    fake.leader = "true";
    fake.status = 500;
    fake.body = "rpc error";
    expect_failure("cannot read config/order-service/: consul: HTTP 500: rpc error");
    fake.status = 200;
    expect_failure("the reply is not JSON");
}

Test(consul_kv, reply_that_cannot_be_used_is_an_error)
{
    run(fail);
}

static void refuse(void)
{
    static const char hint[] = "the token needs key_prefix \"config/order-service/\" { policy = \"read\" }";
    fake.filtered = "true";
    expect_failure(hint);
    fake.filtered = NULL;
    fake.status = 403;
    fake.body = "Permission denied";
    expect_failure("HTTP 403: Permission denied");
    expect_failure(hint);
}

Test(consul_kv, refused_token_gets_a_hint)
{
    run(refuse);
}

static void flood(void)
{
    fake.padding = 256 * 1024;
    expect_failure("cannot read config/order-service/: the folder has over 256 KiB");
}

Test(consul_kv, folder_over_256_kb_is_an_error)
{
    run(flood);
}
