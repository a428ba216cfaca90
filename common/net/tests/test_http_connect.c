/* http_client: calls that time out or are cancelled while they connect, names with several addresses, limits of our own. */
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "loop/resolve.h"
#include "loop/sync.h"
#include "net/tests/client_fixture.h"

TestSuite(http_connect, .init = setup, .timeout = 300);

/* Listens, but its queue is full and it does not accept: a further SYN gets no reply. */
static struct full_server {
    int listener, waiting[4];
    uint16_t port;
} full;

/* at: 0 is any free port. */
static void full_server_open(const char *host, uint16_t at)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(at)};
    socklen_t len = sizeof address;
    inet_pton(AF_INET, host, &address.sin_addr);
    full.listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_expect_eq(bind(full.listener, (struct sockaddr *)&address, len), 0);
    cr_expect_eq(listen(full.listener, 0), 0);
    cr_expect_eq(getsockname(full.listener, (struct sockaddr *)&address, &len), 0);
    full.port = ntohs(address.sin_port);
    for (int i = 0; i < 4; i++) {
        full.waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(full.waiting[i], (struct sockaddr *)&address, len);
    }
}

static void full_server_close(void)
{
    for (int i = 0; i < 4; i++)
        close(full.waiting[i]);
    close(full.listener);
}

static void time_out_connecting(int64_t after_ms)
{
    struct http_call call = call_of("/");
    call.port = full.port;
    call.deadline = deadline_in(after_ms);
    cr_expect_eq(make(&call), ERR_TIMEOUT, "%s", err.text);
}

CLIENT_TEST(http_connect, socket_of_a_timed_out_connect_is_not_reused)
{
    full_server_open("127.0.0.1", 0);
    for (int i = 0; i < 3; i++) {
        time_out_connecting(50);
        cr_expect_eq(get("/empty"), ERR_NONE, "%s", err.text);
    }
    full_server_close();
}

static void call_in_fiber(void *arg)
{
    (void)arg;
    struct http_response ignored = HTTP_RESPONSE_INIT;
    struct err why = ERR_INIT;
    struct http_call call = call_of("/");
    call.port = full.port;
    cr_expect_eq(http_call(client, &call, &ignored, &why), -1);
    cr_expect_eq(why.code, ERR_CANCELLED, "%s", why.text);
    http_response_close(&ignored);
}

/* This happens when a program ends at the moment when its watch connects to the registry again. */
CLIENT_TEST(http_connect, call_cancelled_while_connecting_leaks_nothing)
{
    full_server_open("127.0.0.1", 0);
    for (int i = 0; i < 20; i++) {
        struct group group = {0};
        group_go(&group, call_in_fiber, NULL);
        for (int turns = 0; turns < i; turns++)
            fiber_yield();
        group_cancel(&group);
        group_join(&group);
    }
    full_server_close();
}

/* --- Limits of this process and machine ------------------------------------------------- */

CLIENT_TEST(http_connect, missing_descriptor_is_a_limit_of_our_own)
{
    struct rlimit enough, none;
    int next = dup(0);
    close(next);
    getrlimit(RLIMIT_NOFILE, &enough);
    none = (struct rlimit){(rlim_t)next, enough.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    EXPECT_FAILS("/ok", ERR_BUSY);
    cr_expect(strstr(err.text, "Too many open files"), "%s", err.text);
    setrlimit(RLIMIT_NOFILE, &enough);
    cr_expect_eq(get("/ok"), ERR_NONE, "%s", err.text);
}

/* A network of its own for this thread, with one local port. False: that needs root. */
static bool enter_network_with_one_port(int number)
{
    struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (unshare(CLONE_NEWNET) != 0)
        return false;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_expect_eq(ioctl(fd, SIOCSIFFLAGS, &up), 0);
    close(fd);
    FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "we");
    if (!range)
        return false;
    fprintf(range, "%d %d\n", number, number);
    return fclose(range) == 0;
}

CLIENT_TEST(http_connect, missing_local_port_is_a_limit_of_our_own)
{
    enum { ONLY_PORT = 40000 };
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(ONLY_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!enter_network_with_one_port(ONLY_PORT)) {
        fprintf(stderr, "    skipped: this user may not create a network\n");
        return;
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_expect_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    EXPECT_FAILS("/ok", ERR_BUSY);
    close(fd);
    EXPECT_FAILS("/ok", ERR_UNREACHABLE); /* nothing listens in this network */
}

/* --- A name with several addresses -------------------------------------------------------- */

static bool look_up(const char *host, struct addresses *out)
{
    /* Nothing listens on the first one, and the second one does not reply. */
    static const char *const list[] = {"127.0.0.2", "127.0.0.3", "127.0.0.1"};
    (void)host;
    for (out->count = 0; out->count < 3; out->count++)
        snprintf(out->list[out->count], ADDRESS_MAX, "%s", list[out->count]);
    return true;
}

CLIENT_TEST(http_connect, each_address_of_a_name_is_tried)
{
    struct http_call call = call_of("/empty");
    call.host = "three.test";
    resolve_with(look_up);
    full_server_open("127.0.0.3", port);
    for (int i = 0; i < 6 && response.status != 204; i++) { /* the address that hangs takes its share of the time */
        call.deadline = deadline_in(1000 << i);
        make(&call);
    }
    cr_expect_eq(response.status, 204, "%s", err.text);
    full_server_close();

    /* Now the first address connects and does not reply. The one that was reached is preferred. */
    struct sockaddr_in first = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, "127.0.0.2", &first.sin_addr);
    cr_assert_eq(bind(fd, (struct sockaddr *)&first, sizeof first), 0);
    cr_assert_eq(listen(fd, 16), 0);
    call.deadline = deadline_in(20000);
    cr_expect_eq(make(&call), ERR_NONE, "%s", err.text);
    close(fd);
}

/* What was sent is not sent again, so this call fails; but the next one begins with another address. */
CLIENT_TEST(http_connect, address_that_does_not_reply_is_left)
{
    static const char *const silent[] = {"127.0.0.2", "127.0.0.3"};
    int fds[2];
    struct http_call call = call_of("/empty");
    call.host = "three.test";
    resolve_with(look_up);
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        inet_pton(AF_INET, silent[i], &address.sin_addr);
        cr_assert_eq(bind(fds[i], (struct sockaddr *)&address, sizeof address), 0);
        cr_assert_eq(listen(fds[i], 16), 0);
    }
    call.deadline = deadline_in(100);
    cr_expect_eq(make(&call), ERR_TIMEOUT, "%s", err.text);
    for (int i = 0; i < 10 && response.status != 204; i++) { /* a slow machine may need longer until it is connected */
        call.deadline = deadline_in(100 << i);
        make(&call);
    }
    cr_expect_eq(response.status, 204, "%s", err.text);
    for (int i = 0; i < 2; i++)
        close(fds[i]);
}
