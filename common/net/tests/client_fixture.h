/* client_fixture: shared by the tests of http_client. Each test is a fiber with its
 * own client and a new script_server.
 */
#ifndef NET_TESTS_CLIENT_FIXTURE_H
#define NET_TESTS_CLIENT_FIXTURE_H

#include <criterion/criterion.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "net/tests/script_server.h"

static struct http_client *client;
static uint16_t port;
static struct http_response response = HTTP_RESPONSE_INIT;
static struct err err;

static void setup(void)
{
    port = script_server_start(AF_INET);
}

static void with_client(void *arg)
{
    void (*test)(void) = *(void (**)(void))arg;
    client = http_client_new(256);
    test();
    http_response_close(&response);
    http_client_free(client);
}

/* Runs the test as a fiber with a client, and expects that no fiber and no handle is left. */
static void run(void (*test)(void))
{
    loop_open();
    loop_run(with_client, &test);
    cr_expect_eq(fibers_alive(), 0);
    cr_expect_eq(loop_close(), 0);
}

static struct http_call call_of(const char *path)
{
    return (struct http_call){
        .host = "127.0.0.1", .port = port, .path = path, .deadline = deadline_in(120000), .body_cap = 100000};
}

static enum err_code make(const struct http_call *call)
{
    err_clear(&err);
    int status = http_call(client, call, &response, &err);
    cr_expect_eq(status, err.code == ERR_NONE ? 0 : -1);
    return err.code;
}

static enum err_code get(const char *path)
{
    struct http_call call = call_of(path);
    return make(&call);
}

#define CLIENT_TEST(suite, name)                                                                                       \
    static void name(void);                                                                                            \
    Test(suite, name)                                                                                                  \
    {                                                                                                                  \
        run(name);                                                                                                     \
    }                                                                                                                  \
    static void name(void)

#define EXPECT_BODY(text) cr_expect_str_eq(buf_text(&response.body), text)
#define EXPECT_IN_BODY(text) cr_expect_not_null(strstr(buf_text(&response.body), text), "%s", buf_text(&response.body))
#define EXPECT_FAILS(path, expected) cr_expect_eq(get(path), expected, "%s: %s", path, err.text)

#endif
