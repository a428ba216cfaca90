/* The route /control and the command that uses it, as an operator sees them. What callers do then is in
 * order-service/tests/test_order_control.c.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "service/tests/control_case.h"
#include "service/tests/http_case.h"
#include "service/tests/service_case.h"

TestSuite(user_control, .timeout = 300);

static struct world world;
static struct service users;
static char line[CONTROL_LINE_MAX]; /* what the last command printed */

/* An address of this machine that is not a loopback address. False: it has none. */
static bool find_other_address(char address[INET_ADDRSTRLEN])
{
    struct ifaddrs *all, *one;
    bool found = false;
    cr_assert_eq(getifaddrs(&all), 0);
    for (one = all; one && !found; one = one->ifa_next) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)one->ifa_addr;
        if (!in || in->sin_family != AF_INET || (ntohl(in->sin_addr.s_addr) >> 24) == 127)
            continue;
        found = inet_ntop(AF_INET, &in->sin_addr, address, INET_ADDRSTRLEN) != NULL;
    }
    freeifaddrs(all);
    return found;
}

/* The exit code of `user-service <args>`. */
static int run(const char *const args[3])
{
    return control_command(&world, &users, args, line);
}

static int put_at(const char *address, int port)
{
    char url[100];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "http://%s:%d/control", address, port);
    const struct probe_request request = {.method = "PUT", .url = url, .body = "{\"weight\":2}"};
    struct err err = ERR_INIT;
    cr_expect_eq(probe_send(NULL, &request, &reply, &err), 0, "%s", err.text);
    probe_reply_close(&reply);
    return reply.status;
}

Test(user_control, only_a_client_on_the_same_machine_may_ask)
{
    char other[INET_ADDRSTRLEN];
    start_stores(&world);
    start_service(&users, &world, "user-service", (const char *const[]){"BIND_ADDRESS=::", NULL});
    cr_expect_eq(put_at("[::1]", users.port), 200);
    cr_expect_eq(put_at("127.0.0.1", users.port), 200, "the server sees it as ::ffff:127.0.0.1");
    cr_expect_eq(run((const char *const[3]){"--weight", "3"}), 0, "%s", line);
    if (find_other_address(other))
        cr_expect_eq(put_at(other, users.port), 403, "%s", other);
    else
        fprintf(stderr, "    this machine has no address besides the loopback ones\n");
    EXPECT_CASES(&users, {"/control", 403, .headers = {"X-Forwarded-For: 10.0.0.9"}},
                 {"/control", 403, .headers = {"Forwarded: for=10.0.0.9"}},
                 {"/control", 403, .headers = {"X-Forwarded-Proto: http"}},
                 {"/control", 403, .headers = {"X-Real-IP: 10.0.0.9"}},
                 {"/control", 403, "PUT", "{\"weight\":2}", {"Origin: http://evil.example"}},
                 {"/control", 415, "PUT", "weight=2", {"Content-Type: text/plain"}},
                 {"/control", 400, "PUT", "{"},
                 {"/control", 422, "PUT", "{}"}, {"/control", 422, "PUT", "{\"weight\":0}"},
                 {"/control", 422, "PUT", "{\"weight\":65536}"}, {"/control", 422, "PUT", "{\"weight\":\"3\"}"},
                 {"/control", 422, "PUT", "{\"maintenance\":\"on\"}"},
                 {"/control", 422, "PUT", "{\"maintenance\":true,\"reason\":\"a\\nb\"}"},
                 {"/control", 422, "PUT", "{\"maintenance\":false,\"reason\":\"x\"}"},
                 {"/control", 409, "PUT", "{\"weight\":2,\"program\":\"order-service\"}",
                  .part = "this is an instance of user-service, not of order-service"},
                 {"/control", 422, "PUT", "{\"weight\":2,\"program\":1}"},
                 {"/control", 405, "POST", "{\"weight\":2}", .header = "Allow: GET, HEAD, PUT"},
                 {"/control", 200, .part = "\"weight\":3,\"maintenance\":false,\"reason\":\"\",\"registries\":"});
    cr_expect_eq(service_stop(&users), 0);
    cr_expect_eq(run((const char *const[3]){"--weight", "3"}), 1, "nothing runs there");
    cr_expect(strstr(line, "cannot reach the instance"), "%s", line);
    cr_expect_eq(run((const char *const[3]){"--weight", "0"}), 2);
    cr_expect_eq(run((const char *const[3]){"--maintenance", "maybe"}), 2);
    cr_expect_eq(run((const char *const[3]){"--reason", "x"}), 2);
    cr_expect_eq(run((const char *const[3]){"--weight=3", "--version"}), 2);
    cr_expect_eq(run((const char *const[3]){"--healthcheck", "--weight=3"}), 2);
    cr_expect_eq(run((const char *const[3]){"--weight=3", "--weight=4"}), 2);
    cr_expect_eq(run((const char *const[3]){"--weight=3", "--help"}), 0, "%s", line);
    struct err err = ERR_INIT;
    cr_assert_eq(server_start(&world.consul, &err), 0, "%s", err.text);
    users.port = world.consul.port.number;
    cr_expect_eq(run((const char *const[3]){"--weight", "3"}), 1);
    cr_expect(strstr(line, "is another program (it replied with status 404); want PORT"), "%s", line);
    world_stop(&world);
}

Test(user_control, order_to_a_hung_instance_may_still_be_carried_out)
{
    start_stores(&world);
    start_service(&users, &world, "user-service", NULL);
    proc_pause(&users.proc);
    cr_expect_eq(run((const char *const[3]){"--weight", "3"}), 1);
    cr_expect(strstr(line, "the instance hangs, and may still carry this out"), "%s", line);
    proc_resume(&users.proc);
    AWAIT_CASE(&users, "/control", 200, .part = "\"weight\":3,");
    cr_expect_eq(service_stop(&users), 0);
    world_stop(&world);
}
