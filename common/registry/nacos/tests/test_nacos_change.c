/* nacos_change.c with several servers whose replies the test writes: which of them get a change, and what counts. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/fiber.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "registry/nacos/nacos.h"
#include "registry/tests/fake_server.h"

static void cleanup(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(nacos_change, .fini = cleanup, .timeout = 300);

#define OK "{\"code\":0,\"message\":\"success\",\"data\":\"ok\"}"
#define UNKNOWN_INSTANCE "{\"code\":21003,\"message\":\"instance not found\",\"data\":null}"

enum { SERVERS = 2 };
enum { LIST, WRITE, BEAT_V1 };

static struct fake_server servers[SERVERS];
static int hung_port; /* not 0: the first server hangs */
static struct registry *nacos;
static struct err err; /* of the last call */
static struct registration_spec spec = {.service = "orders", .id = "o-1", .address = "", .port = 80, .tags = "",
                                        .version = "", .zone = "", .weight = 1, .check = CHECK_NONE,
                                        .check_interval_ms = 10000};

/* Clears err before the call; afterwards err holds what went wrong. */
#define TRY(call) (err_clear(&err), (call))

/* --- Set-up -------------------------------------------------------------------------------- */

static void be_version_3(struct fake_server *fake)
{
    fake->rules[LIST] = (struct fake_rule){"GET", "/nacos/v3/client/ns/instance/list", .status = 200,
                                           .body = "{\"code\":0,\"data\":[]}"};
    fake->rules[WRITE] = (struct fake_rule){"POST", "/nacos/v3/client/ns/instance", .status = 200, .body = OK};
    fake->rules[WRITE + 1] = (struct fake_rule){"DELETE", "/nacos/v3/client/ns/instance", .status = 200, .body = OK};
}

static void be_version_1(struct fake_server *fake)
{
    fake->rules[LIST] = (struct fake_rule){"GET", "/nacos/v1/ns/instance/list", .status = 200, .body = "{\"hosts\":[]}"};
    fake->rules[WRITE] = (struct fake_rule){"POST", "/nacos/v1/ns/instance", .status = 200, .body = "ok"};
    fake->rules[BEAT_V1] = (struct fake_rule){"PUT", "/nacos/v1/ns/instance/beat", .status = 200,
                                              .body = "{\"code\":10200}"};
}

static void with_servers(void *arg)
{
    char addresses[160];
    struct nacos_config config = {.server_addr = addresses, .namespace_id = "public", .group = "DEFAULT_GROUP",
                                  .username = "", .password = "", .password_file = ""};
    struct http_client *http = http_client_new(16);
    for (int i = 0; i < SERVERS; i++)
        fake_open(&servers[i]);
    if (hung_port)
        snprintf(servers[0].address, sizeof servers[0].address, "127.0.0.1:%d", hung_port);
    snprintf(addresses, sizeof addresses, "%s,%s", servers[0].address, servers[1].address);
    nacos = TRY(nacos_new(&config, http, &err));
    cr_expect(nacos, "%s", err.text);
    if (nacos)
        ((void (*)(void))arg)();
    registry_free(nacos);
    http_client_free(http);
    for (int i = 0; i < SERVERS; i++)
        fake_close(&servers[i]);
}

static void run(void (*be_version)(struct fake_server *fake), void (*story)(void))
{
    for (int i = 0; i < SERVERS; i++)
        be_version(&servers[i]);
    loop_open();
    loop_run(with_servers, (void *)story);
    cr_expect_eq(loop_close(), 0);
}

static int register_within(int64_t ms)
{
    return TRY(registry_register(nacos, &spec, deadline_in(ms), &err));
}

static int beat(void)
{
    return TRY(registry_heartbeat(nacos, &spec, true, "", deadline_in(20000), &err));
}

static int leave(void)
{
    return TRY(registry_deregister(nacos, &spec, deadline_in(20000), &err));
}

static void expect_registered(void)
{
    cr_expect_eq(register_within(20000), 0, "%s", err.text);
    cr_expect_str_eq(err.text, "");
}

/* The number of requests by this rule at each server. */
static void expect_requests(int rule, int at_first, int at_second)
{
    cr_expect_eq(servers[0].rules[rule].requests, at_first, "rule %d: %d", rule, servers[0].rules[rule].requests);
    cr_expect_eq(servers[1].rules[rule].requests, at_second, "rule %d: %d", rule, servers[1].rules[rule].requests);
}

/* --- Which servers ------------------------------------------------------------------------- */

static void change_in_version_3(void)
{
    expect_registered();
    expect_requests(WRITE, 1, 1);
    cr_expect_eq(beat(), 0, "%s", err.text);
    expect_requests(WRITE, 2, 2);
    cr_expect_eq(leave(), 0, "%s", err.text);
    expect_requests(WRITE + 1, 1, 1);
    expect_requests(LIST, 1, 0); /* what one server tells is enough to read */
}

Test(nacos_change, version_3_tells_each_server)
{
    run(be_version_3, change_in_version_3);
}

static void change_in_version_1(void)
{
    expect_registered();
    cr_expect_eq(beat(), 0, "%s", err.text);
    expect_requests(WRITE, 1, 0);
    expect_requests(BEAT_V1, 1, 0);
    servers[0].rules[BEAT_V1].status = 500;
    cr_expect_eq(beat(), 0, "%s", err.text);
    cr_expect_eq(beat(), 0, "%s", err.text);
    expect_requests(BEAT_V1, 2, 2);
}

Test(nacos_change, version_1_stays_with_one_server)
{
    run(be_version_1, change_in_version_1);
}

/* --- What counts --------------------------------------------------------------------------- */

static void lose_instance_at_each(void)
{
    expect_registered();
    for (int i = 0; i < SERVERS; i++) {
        servers[i].rules[WRITE].body = UNKNOWN_INSTANCE;
        cr_expect_eq(beat(), -1);
        cr_expect_eq(err.code, ERR_NOT_FOUND, "server %d: so it registers again: %s", i, err.text);
        servers[i].rules[WRITE].body = OK;
        cr_expect_eq(beat(), 0, "%s", err.text);
    }
}

Test(nacos_change, one_server_that_lost_it_is_enough_to_register)
{
    run(be_version_3, lose_instance_at_each);
}

static void fail_at_each(void)
{
    for (int i = 0; i < SERVERS; i++) {
        servers[i].rules[WRITE].status = servers[i].rules[WRITE + 1].status = 500;
        expect_registered();
        cr_expect_eq(beat(), 0, "%s", err.text);
        cr_expect_eq(leave(), 0, "%s", err.text);
        servers[i].rules[WRITE].status = servers[i].rules[WRITE + 1].status = 200;
    }
    expect_requests(WRITE, 4, 4);
}

Test(nacos_change, success_at_one_server_is_a_success)
{
    run(be_version_3, fail_at_each);
}

static void fail_at_all(void)
{
    expect_registered();
    servers[0].rules[WRITE].status = servers[1].rules[WRITE].status = 500;
    servers[0].rules[WRITE].body = "first";
    servers[1].rules[WRITE].body = "second";
    cr_expect_eq(beat(), -1);
    cr_expect_str_eq(err.text, "nacos: HTTP 500: second");
}

Test(nacos_change, failure_at_each_server_is_a_failure)
{
    run(be_version_3, fail_at_all);
}

/* --- A server that hangs -------------------------------------------------------------------- */

/* The kernel accepts connections, and nothing reads from them. Returns the port. */
static int listen_only(int fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 8), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static void register_despite_hung(void)
{
    cr_expect_eq(register_within(8000), 0, "%s", err.text);
    expect_requests(WRITE, 0, 1);
}

Test(nacos_change, hung_server_leaves_time_for_the_next)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    hung_port = listen_only(fd);
    run(be_version_3, register_despite_hung);
    close(fd);
}

/* --- Our address --------------------------------------------------------------------------- */

/* Two addresses of ours would be two instances. */
static void reach_servers_from_two_addresses(void)
{
    expect_registered();
    cr_expect_eq(beat(), 0, "%s", err.text);
    cr_expect_str_eq(registry_address(nacos, &spec), "127.0.0.1");
    for (int i = 0; i < SERVERS; i++)
        cr_expect(strstr(servers[i].rules[WRITE].form, "&ip=127.0.0.1&"), "%s", servers[i].rules[WRITE].form);
    servers[0].rules[WRITE].status = 500;
    cr_expect_eq(beat(), 0, "%s", err.text);
    cr_expect_str_eq(registry_address(nacos, &spec), "::1");
}

Test(nacos_change, address_is_that_of_the_first_success)
{
    servers[1].ip = "::1";
    run(be_version_3, reach_servers_from_two_addresses);
}
