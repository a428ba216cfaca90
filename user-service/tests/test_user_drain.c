/* Registration and drain on a real Consul, as callers see them. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/load.h"
#include "service/tests/consul_case.h"
#include "service/tests/http_case.h"
#include "service/tests/service_case.h"

TestSuite(user_drain, .timeout = 300);

static struct world world;
static struct service users;

static void setup_with(const char *const env[])
{
    struct err err = ERR_INIT;
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    start_service(&users, &world, "user-service", env);
}

static void teardown(void)
{
    world_stop(&world);
}

/* --- Registration ----------------------------------------------------------------- */

Test(user_drain, instance_is_registered_with_all_its_settings, .fini = teardown)
{
    setup_with((const char *[]){"SERVICE_ID=users-1", "SERVICE_TAGS=v2,c", "SERVICE_VERSION=2.0", "SERVICE_ZONE=a",
                                "SERVICE_WEIGHT=3", NULL});
    cr_assert(await_consul(&world.consul, PASSING, "\"users-1\""));
    char *text = get_from_consul(&world.consul, LISTED), port[32];
    snprintf(port, sizeof port, "\"Port\":%d", users.port);
    const char *const parts[] = {"\"Service\":\"user-service\"",      port,
                                 "\"Address\":\"127.0.0.1\"",         "\"Tags\":[\"v2\",\"c\"]",
                                 "\"version\":\"2.0\"",               "\"zone\":\"a\"",
                                 "\"Weights\":{\"Passing\":3,\"Warning\":1}"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cr_expect(strstr(text, parts[i]), "%s in %s", parts[i], text);
    free(text);
    EXPECT_CASES(&users, {"/users/1", 200, .header = "X-Served-By: users-1"});

    cr_expect_eq(service_stop(&users), 0);
    cr_expect(await_consul(&world.consul, LISTED, NULL), "it deregisters");
}

Test(user_drain, lost_redis_makes_instance_critical_with_reason, .fini = teardown)
{
    setup_with(NULL);
    cr_assert(await_consul(&world.consul, PASSING, "\"Port\""));
    server_kill(&world.redis);
    cr_assert(await_consul(&world.consul, CRITICAL, "redis"));
    cr_assert(await_consul(&world.consul, PASSING, NULL));
    struct err err = ERR_INIT;
    cr_assert_eq(server_start(&world.redis, &err), 0, "%s", err.text);
    cr_expect(await_consul(&world.consul, PASSING, "\"Port\""));
    cr_expect_eq(service_stop(&users), 0);
}

struct awaited_replies {
    struct load *load;
    struct load_count *sum;
    uint64_t enough;
};

static bool has_enough_replies(void *arg)
{
    struct awaited_replies *awaited = arg;
    struct load_count more;
    load_take(awaited->load, &more);
    awaited->sum->ok += more.ok;
    awaited->sum->failed += more.failed;
    if (more.failed)
        memcpy(awaited->sum->first_failure, more.first_failure, sizeof more.first_failure);
    return awaited->sum->ok + awaited->sum->failed >= awaited->enough;
}

/* --- Steps of the drain ----------------------------------------------------------- */

Test(user_drain, draining_instance_serves_until_callers_have_left, .fini = teardown)
{
    enum { CALLERS = 2 };
    setup_with((const char *[]){"DRAIN_TIMEOUT=5m", NULL});
    cr_assert(await_consul(&world.consul, PASSING, "\"Port\""));
    char prefix[SERVICE_URL_MAX];
    struct load *load = load_start(service_url(&users, "/users/", prefix), CALLERS, 50);
    struct load_count sum = {0}, rest;
    cr_assert(wait_until(has_enough_replies, &(struct awaited_replies){load, &sum, 1}, 60000));
    proc_signal(&users.proc, SIGTERM);
    cr_assert(await_status(&users, "/health", 503));
    EXPECT_CASES(&users,
                 {"/health", 503, .header = "Connection: close", .part = "{\"status\":\"draining\",\"checks\":{"},
                 {"/users/1", 200, .header = "Connection: close"},
                 {"/health/live", 200, .reply = "{\"status\":\"alive\"}"});
    cr_expect(await_consul(&world.consul, LISTED, NULL), "it deregisters while it still serves");
    EXPECT_CASES(&users, {"/users/1", 200});

    has_enough_replies(&(struct awaited_replies){load, &sum, 0}); /* counts the replies so far */
    int64_t start_ms = clock_ms();
    /* One more reply than there are callers: at least one was requested after start_ms. */
    cr_expect(wait_until(has_enough_replies, &(struct awaited_replies){load, &sum, sum.ok + CALLERS + 1}, 60000));
    load_stop(load, &rest);
    cr_expect_eq(sum.failed, 0, "%s", sum.first_failure);
    cr_expect_eq(rest.failed, 0, "%s", rest.first_failure);
    cr_expect(proc_wait(&users.proc, 60000), "it ends long before DRAIN_TIMEOUT");
    cr_expect_geq(clock_ms() - start_ms, 1000, "not before a second of quiet");
    cr_expect_eq(users.proc.status, W_EXITCODE(0, 0));
}

/* A connection on which a test sends any bytes. */
static int connect_raw(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)users.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void send_text(int fd, const char *text)
{
    cr_expect_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads until the service closes the connection, at most for a minute. */
static void receive(int fd, char *out, size_t size)
{
    size_t len = 0;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    while (len + 1 < size && poll(&wait, 1, 60000) == 1) {
        ssize_t got = recv(fd, out + len, size - 1 - len, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    out[len] = '\0';
}

#define HALF_A_REQUEST                                                                                                 \
    "POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n{\"name\":\"Late\","

static bool half_has_arrived(void *arg)
{
    (void)arg;
    return metric(&users, "http_server_active_requests{http_request_method=\"POST\",url_scheme=\"http\"}") == 1;
}

static bool refuses_connections(void *arg)
{
    (void)arg;
    char url[SERVICE_URL_MAX];
    return probe_get(NULL, service_url(&users, "/health/live", url), NULL) == 0;
}

Test(user_drain, half_received_request_is_finished_during_drain, .fini = teardown)
{
    setup_with((const char *[]){"DRAIN_TIMEOUT=2m", NULL});
    cr_assert(await_status(&users, "/health", 200));
    char reply[4096];
    int fd = connect_raw();
    send_text(fd, HALF_A_REQUEST);
    cr_assert(wait_until(half_has_arrived, NULL, 60000));
    proc_signal(&users.proc, SIGTERM);
    cr_assert(wait_until(refuses_connections, NULL, 60000));
    cr_expect(proc_is_running(&users.proc));
    send_text(fd, "\"email\":\"late@x.y\"}");
    receive(fd, reply, sizeof reply);
    cr_expect(strstr(reply, "HTTP/1.1 201 ") == reply, "%s", reply);
    cr_expect(strstr(reply, "Connection: close"), "%s", reply);
    cr_expect(proc_wait(&users.proc, 60000));
    cr_expect_eq(users.proc.status, W_EXITCODE(0, 0));
    close(fd);
}

Test(user_drain, drain_timeout_cuts_off_the_rest_and_exits_0, .fini = teardown)
{
    setup_with((const char *[]){"DRAIN_TIMEOUT=2s", NULL});
    cr_assert(await_status(&users, "/health", 200));
    char reply[256];
    int fd = connect_raw();
    send_text(fd, HALF_A_REQUEST);
    cr_assert(wait_until(half_has_arrived, NULL, 60000));
    cr_expect_eq(service_stop(&users), 0);
    cr_expect(proc_wait_output(&users.proc, "msg=drained ms=", NULL, 0, 0));
    cr_expect(proc_wait_output(&users.proc, "cut_off=yes", NULL, 0, 0));
    receive(fd, reply, sizeof reply);
    cr_expect_str_eq(reply, "");
    close(fd);
}

Test(user_drain, second_signal_ends_at_once_with_exit_code_1, .fini = teardown)
{
    setup_with((const char *[]){"DRAIN_TIMEOUT=5m", NULL});
    cr_assert(await_status(&users, "/health", 200));
    int fd = connect_raw();
    send_text(fd, HALF_A_REQUEST);
    cr_assert(wait_until(half_has_arrived, NULL, 60000));
    proc_signal(&users.proc, SIGINT);
    cr_assert(proc_wait_output(&users.proc, "msg=draining", NULL, 0, 60000));
    proc_signal(&users.proc, SIGTERM);
    cr_expect(proc_wait(&users.proc, 60000));
    cr_expect_eq(users.proc.status, W_EXITCODE(1, 0));
    close(fd);
}

Test(user_drain, drain_ends_by_its_timeout_when_all_servers_hang, .fini = teardown)
{
    setup_with((const char *[]){"DRAIN_TIMEOUT=2s", NULL});
    cr_assert(await_status(&users, "/health", 200));
    server_pause(&world.consul);
    server_pause(&world.postgres);
    server_pause(&world.redis);
    int64_t start = clock_ms();
    cr_expect_eq(service_stop(&users), 0);
    cr_expect_lt(clock_ms() - start, 20000);
}
