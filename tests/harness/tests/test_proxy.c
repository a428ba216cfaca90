/* The proxy that counts: what it forwards, and what it counts as a request. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/proxy.h"

TestSuite(proxy, .timeout = 300);

static int listener, server_port;
static struct proxy *proxy;

static void setup(void)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof own;
    struct err err = ERR_INIT;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&own, len), 0);
    cr_assert_eq(listen(listener, 8), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&own, &len), 0);
    server_port = ntohs(own.sin_port);
    proxy = proxy_start("127.0.0.1", server_port, &err);
    cr_assert_not_null(proxy, "%s", err.text);
}

static void teardown(void)
{
    proxy_stop(proxy);
    close(listener);
}

static int connect_to_proxy(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)proxy_port(proxy)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void pass(int from, int to, const char *text)
{
    char got[64] = "";
    cr_assert_eq(send(from, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
    cr_assert_eq(recv(to, got, strlen(text), MSG_WAITALL), (ssize_t)strlen(text));
    cr_expect_str_eq(got, text);
}

Test(proxy, each_turn_of_the_client_is_a_request, .init = setup, .fini = teardown)
{
    int client = connect_to_proxy(), server = accept(listener, NULL, NULL);
    pass(client, server, "head");
    pass(client, server, "body"); /* of the same request */
    pass(server, client, "reply");
    pass(client, server, "next");
    struct traffic traffic = proxy_traffic(proxy);
    cr_expect_eq(traffic.requests, 2);
    cr_expect_eq(traffic.bytes, 17);
    close(client);
    close(server);
}

Test(proxy, both_sides_close_together, .init = setup, .fini = teardown)
{
    char byte;
    int client = connect_to_proxy(), server = accept(listener, NULL, NULL);
    close(client);
    cr_expect_eq(recv(server, &byte, 1, 0), 0);
    close(server);
    client = connect_to_proxy();
    server = accept(listener, NULL, NULL);
    close(server);
    cr_expect_eq(recv(client, &byte, 1, 0), 0);
    close(client);
}

Test(proxy, connection_ends_if_the_server_is_gone, .init = setup, .fini = teardown)
{
    char byte;
    close(listener);
    int client = connect_to_proxy();
    cr_expect_leq(recv(client, &byte, 1, 0), 0);
    close(client);
}
