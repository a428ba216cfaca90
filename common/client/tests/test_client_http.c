/* The client over real connections: its transport is http_client, and the instances are
 * servers in this process. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "client/service_client.h"
#include "discovery/discovery.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/json.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#define expect_no_leak() cr_expect_eq(__lsan_do_recoverable_leak_check(), 0)
#else
#define expect_no_leak() ((void)0)
#endif

TestSuite(client_http, .timeout = 300);

static struct http_client *http;
static struct discovery *discovery;
static struct service_client *client;
static char instances[128], good_id[32];

static void get_user(struct http_request *req, void *arg)
{
    const char *what = arg;
    if (strcmp(what, "good") != 0) {
        http_reply(req, 500, "application/json", "{}", 2);
        return;
    }
    char body[128];
    int len = snprintf(body, sizeof body, "{\"id\":\"%s\",\"request_id\":\"%s\"}", http_param(req).text, http_request_id(req));
    http_reply(req, 200, "application/json", body, (size_t)len);
}

static struct http_server *server_new(const char *what)
{
    static const struct http_route routes[] = {{"GET", "/users/{id}", get_user, 0}};
    const struct http_server_config config = {.address = "127.0.0.1", .port = 0, .served_by = what, .routes = routes,
                                              .route_count = 1, .arg = (void *)what, .max_requests = 100};
    struct err err = ERR_INIT;
    struct http_server *server = http_server_new(&config, &err);
    cr_expect_not_null(server, "%s", err.text);
    return server;
}

/* A port without a listener. */
static unsigned closed_port(void)
{
    struct http_server *server = server_new("good");
    unsigned port = http_server_port(server);
    http_server_close(server, deadline_in(1000));
    return port;
}

static void make_calls(void)
{
    static const struct trace_context trace = {.request_id = "request-1"};
    for (int i = 0; i < 30; i++) {
        struct service_reply reply = SERVICE_REPLY_INIT;
        const struct service_call call = {.service = "user-service", .path = "/users/7", .key = "7",
                                          .trace = &trace, .deadline = DEADLINE_NONE, .body_cap = 1000};
        service_client_get(client, &call, &reply);
        cr_expect_eq(reply.outcome, SERVICE_OK, "%s", reply.err.text);
        cr_expect_str_eq(buf_text(&reply.body), "{\"id\":\"7\",\"request_id\":\"request-1\"}");
        cr_expect_str_eq(reply.instance, good_id);
        cr_expect_str_eq(reply.source, "static");
        service_reply_close(&reply);
    }
}

static void run_fiber(void *arg)
{
    (void)arg;
    unsigned closed = closed_port();
    struct http_server *good = server_new("good"), *bad = server_new("bad");
    snprintf(good_id, sizeof good_id, "127.0.0.1:%d", http_server_port(good));
    snprintf(instances, sizeof instances, "user-service=%s,127.0.0.1:%d,127.0.0.1:%u", good_id, http_server_port(bad),
             closed);
    const struct discovery_config discovery_config = {
        .ttl_ms = 30000, .retry_cap_ms = 5000, .static_instances = instances, .snapshot_dir = ""};
    discovery = discovery_new(&discovery_config);
    discovery_watch(discovery, "user-service");
    http = http_client_new(16);
    const struct service_client_config config = {.discovery = discovery, .http = http, .policy = BALANCE_WEIGHTED,
                                                 .call_timeout_ms = 3000, .call_attempts = 3, .id = "", .zone = ""};
    client = service_client_new(&config);
    make_calls();
    service_client_free(client);
    discovery_stop(discovery);
    discovery_free(discovery);
    http_client_free(http);
    http_server_close(good, deadline_in(1000));
    http_server_close(bad, deadline_in(1000));
}

Test(client_http, calls_reach_the_one_healthy_instance_of_three)
{
    json_init();
    log_set_level(LOG_ERROR);
    loop_open();
    loop_run(run_fiber, NULL);
    cr_expect_eq(fibers_alive(), 0);
    cr_expect_eq(loop_close(), 0);
    expect_no_leak();
}
