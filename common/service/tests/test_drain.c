/* drain.c on virtual time: callers of a registry stop, others never do. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/sync.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "service/drain.h"

enum { CALLERS = 3, REPLY_MS = 100, DRAIN_TIMEOUT_MS = 4000 };

TestSuite(drain, .timeout = 300);

static uint16_t port;
static struct http_client *client;
static int64_t calls_end_ms; /* when the callers have learnt that the instance leaves */
static bool is_over;
static int answered, refused, cut_off;

static void reply_late(struct http_request *req, void *arg)
{
    (void)arg;
    fiber_sleep(REPLY_MS);
    http_reply(req, 200, "text/plain", "late", 4);
}

static void count_call(void)
{
    struct http_response response = HTTP_RESPONSE_INIT;
    struct err err = ERR_INIT;
    const struct http_call call = {.host = "127.0.0.1", .port = port, .path = "/late",
                                   .deadline = deadline_in(20000), .body_cap = 100};
    http_call(client, &call, &response, &err);
    answered += response.status == 200;
    refused += err.code == ERR_UNREACHABLE;
    cut_off += err.code != ERR_NONE && err.code != ERR_UNREACHABLE;
    http_response_close(&response);
}

static void call_again_and_again(void *arg)
{
    (void)arg;
    while (refused == 0 && cut_off == 0 && clock_ms() < calls_end_ms)
        count_call();
}

/* A millisecond for each turn of the loop. */
static void let_time_pass(void *arg)
{
    (void)arg;
    while (!is_over) {
        clock_advance_to(clock_ms() + 1);
        fiber_yield();
    }
}

static void drain_under_load(void *took_ms)
{
    static const struct http_route route = {"GET", "/late", reply_late, 0};
    const struct http_server_config config = {.address = "127.0.0.1", .served_by = "drain", .routes = &route,
                                              .route_count = 1, .max_requests = 10};
    struct health health = {0};
    struct registries none = {0};
    struct group group = {0}, clock = {0};
    struct err err = ERR_INIT;
    client = http_client_new(16);
    struct http_server *server = http_server_new(&config, &err);
    cr_assert(server, "%s", err.text);
    port = http_server_port(server);
    group_go(&clock, let_time_pass, NULL);
    for (int i = 0; i < CALLERS; i++)
        group_go(&group, call_again_and_again, NULL);
    int64_t begin = clock_ms();
    drain_run(server, &health, &none, DRAIN_TIMEOUT_MS);
    *(int64_t *)took_ms = clock_ms() - begin;
    group_join(&group);
    is_over = true;
    group_join(&clock);
    http_client_free(client);
}

/* Returns how long the drain took. */
static int64_t drain_with_calls_for(int64_t ms)
{
    int64_t took_ms = 0;
    log_set_level(LOG_ERROR);
    clock_make_virtual(1000000);
    calls_end_ms = clock_ms() + ms;
    loop_open();
    loop_run(drain_under_load, &took_ms);
    cr_expect_eq(fibers_alive(), 0);
    cr_expect_eq(loop_close(), 0);
    return took_ms;
}

Test(drain, ends_a_second_after_the_last_request)
{
    int64_t took_ms = drain_with_calls_for(1500);
    cr_expect_geq(took_ms, 2400);
    cr_expect_leq(took_ms, 2900, "%lld ms", (long long)took_ms);
    cr_expect(answered > 0 && refused == 0 && cut_off == 0);
}

/* They use no registry, so they never stop. What came just before the listener closed gets its reply. */
Test(drain, last_requests_of_busy_callers_are_answered)
{
    int64_t took_ms = drain_with_calls_for(60000);
    cr_expect_geq(took_ms, DRAIN_TIMEOUT_MS);
    cr_expect_leq(took_ms, DRAIN_TIMEOUT_MS + 500);
    cr_expect(answered > 0 && refused > 0);
    cr_expect_eq(cut_off, 0);
}
