/* Graceful shutdown: the steps of a drain, in the order of docs/reference.md. The
 * request in flight is a call to a user-service that the test pauses and resumes. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scene.h"
#include "scene_requests.h"

TestSuite(outages_drain, .timeout = 300);

static void open_pair_with(const char *drain_timeout)
{
    order_settings[0] = drain_timeout;
    order_settings[1] = "CALL_TIMEOUT=2m";
    order_settings[2] = "CALL_ATTEMPTS=1";
    open_world();
    start_user(0);
    start_orders();
    await_reply(&orders, "/users/7", 200, "User7");
}

static void open_with_30_s(void)
{
    open_pair_with("DRAIN_TIMEOUT=30s");
}

static void open_with_2_s(void)
{
    open_pair_with("DRAIN_TIMEOUT=2s");
}

static void close_pair(void)
{
    proc_resume(&users[0].proc);
    cr_expect_eq(service_stop(&users[0]), 0);
    close_world();
}

/* --- The request in flight ---------------------------------------------------------------- */

struct in_flight {
    pthread_t thread;
    int status;
};

static void *send_request(void *arg)
{
    struct in_flight *request = arg;
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    struct err cause = ERR_INIT;
    const struct probe_request get = {.url = service_url(&orders, "/users/7", url), .timeout_ms = 100000};
    request->status = probe_send(NULL, &get, &reply, &cause) == 0 ? reply.status : 0;
    probe_reply_close(&reply);
    return NULL;
}

static bool one_is_in_flight(void *arg)
{
    (void)arg;
    const char *two = "http_server_active_requests{http_request_method=\"GET\",url_scheme=\"http\"} 2\n";
    return replies(&orders, "/metrics", 200, two); /* the one in flight, and this one */
}

static void begin_request(struct in_flight *request)
{
    proc_pause(&users[0].proc);
    cr_assert_eq(pthread_create(&request->thread, NULL, send_request, request), 0);
    cr_assert(wait_until(one_is_in_flight, NULL, PATIENCE_MS));
}

static int end_request(struct in_flight *request)
{
    pthread_join(request->thread, NULL);
    return request->status;
}

static int connect_to_orders(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)orders.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 10}, sizeof(struct timeval));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool is_refused(void *arg)
{
    (void)arg;
    int fd = connect_to_orders();
    if (fd >= 0)
        close(fd);
    return fd < 0;
}

static bool is_deregistered(void *arg)
{
    (void)arg;
    return consul_count(&world.consul, "order-service", false) == 0;
}

static int exit_code(struct service *service)
{
    cr_expect(proc_wait(&service->proc, PATIENCE_MS), "it exits");
    return WIFEXITED(service->proc.status) ? WEXITSTATUS(service->proc.status) : -1;
}

static void expect_none_failed(const struct load_count *count)
{
    cr_expect_eq(count->failed, 0, "%llu failed, first %s", (unsigned long long)count->failed, count->first_failure);
}

/* True: a request has been served since the last look. */
static bool one_is_served(void *load)
{
    struct load_count count;
    load_take(load, &count);
    expect_none_failed(&count);
    return count.ok > 0;
}

/* --- The tests ------------------------------------------------------------------------------ */

Test(outages_drain, sigterm_drains_and_exits_with_0, .init = open_with_30_s,
     .fini = close_pair)
{
    char url[SERVICE_URL_MAX];
    struct in_flight request;
    struct load_count count;
    begin_request(&request);
    int half = connect_to_orders();
    const char head[] = "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{";
    cr_expect_eq(send(half, head, sizeof head - 1, MSG_NOSIGNAL), sizeof head - 1);
    cr_expect(replies(&orders, "/health/live", 200, "alive"), "the half request was sent earlier, so it has arrived");

    /* Callers that have not learnt of it yet, until all is seen. (Probes alone do not delay the end.) */
    struct load *callers = load_start(service_url(&orders, "/discovery/explain?service=user-service&key=", url), 1, 50);
    int64_t begin = clock_ms();
    proc_signal(&orders.proc, SIGTERM);
    await_reply(&orders, "/health", 503, "\"status\":\"draining\"");
    cr_expect(replies(&orders, "/health", 503, "Connection: close"));
    cr_expect(replies(&orders, "/health/live", 200, "Connection: close"));
    await(is_deregistered, NULL, PATIENCE_MS, "SIGTERM: deregistered");
    cr_expect(replies(&orders, "/discovery", 200, "Connection: close"));
    one_is_served(callers); /* until here */
    await(one_is_served, callers, PATIENCE_MS, "a request that arrives after that is served");
    load_stop(callers, &count);
    expect_none_failed(&count);

    await(is_refused, NULL, PATIENCE_MS, "after the last request: the listening socket is closed");
    cr_expect(clock_ms() - begin >= 1000, "not before a second without requests");
    cr_expect(proc_is_running(&orders.proc), "it waits for the request in flight");

    char reply[512] = "";
    cr_expect_eq(send(half, "}", 1, MSG_NOSIGNAL), 1);
    cr_expect_gt(recv(half, reply, sizeof reply - 1, 0), 0);
    cr_expect(strstr(reply, " 422 "), "half a request counts as in flight: %s", reply);
    close(half);

    proc_resume(&users[0].proc);
    cr_expect_eq(end_request(&request), 200);
    cr_expect_eq(exit_code(&orders), 0);
    REPORT("from SIGTERM to the end: %lld ms", (long long)(clock_ms() - begin));
}

Test(outages_drain, second_signal_exits_at_once_with_1, .init = open_with_30_s, .fini = close_pair)
{
    struct in_flight request;
    begin_request(&request);
    proc_signal(&orders.proc, SIGTERM);
    cr_expect(proc_wait_output(&orders.proc, "msg=draining", NULL, 0, PATIENCE_MS));
    int64_t begin = clock_ms();
    proc_signal(&orders.proc, SIGINT);
    cr_expect_eq(exit_code(&orders), 1);
    cr_expect_eq(end_request(&request), 0, "the request is cut off");
    REPORT("from the second signal to the end: %lld ms", (long long)(clock_ms() - begin));
}

Test(outages_drain, drain_timeout_cuts_off_requests_and_exits_with_0, .init = open_with_2_s,
     .fini = close_pair)
{
    struct in_flight request;
    begin_request(&request);
    int64_t begin = clock_ms();
    proc_signal(&orders.proc, SIGTERM);
    cr_expect_eq(exit_code(&orders), 0);
    cr_expect_neq(end_request(&request), 200, "the request is cut off");
    REPORT("DRAIN_TIMEOUT=2s: ended after %lld ms", (long long)(clock_ms() - begin));
}

/* A caller that never stops: it uses no registry, so it does not see the deregistration. */
Test(outages_drain, busy_caller_cannot_delay_the_end_of_draining, .init = open_with_2_s, .fini = close_pair)
{
    struct load_count count;
    struct load *load = load_orders(2, 50);
    await(one_is_served, load, PATIENCE_MS, "the load has begun");
    int64_t begin = clock_ms();
    proc_signal(&orders.proc, SIGTERM);
    cr_expect_eq(exit_code(&orders), 0);
    cr_expect_geq(clock_ms() - begin, 2000, "not before DRAIN_TIMEOUT");
    load_stop(load, &count);
    cr_expect_gt(count.ok, 0, "requests were served until then");
    REPORT("DRAIN_TIMEOUT=2s under load: ended after %lld ms", (long long)(clock_ms() - begin));
}

/* The deregistration times out, and the drain ends on time all the same. */
Test(outages_drain, hung_registry_delays_exit_by_drain_timeout_at_most, .init = open_with_2_s,
     .fini = close_pair)
{
    server_pause(&world.consul);
    int64_t begin = clock_ms();
    proc_signal(&orders.proc, SIGTERM);
    cr_expect_eq(exit_code(&orders), 0);
    REPORT("DRAIN_TIMEOUT=2s with Consul hung: ended after %lld ms", (long long)(clock_ms() - begin));
    server_resume(&world.consul);
}
