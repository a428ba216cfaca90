/* eureka.c and eureka_http.c against servers whose replies the test writes: paths, permission, failover, status. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "loop/fiber.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "registry/eureka/eureka.h"
#include "registry/tests/fake_server.h"

static void cleanup(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(eureka_http, .fini = cleanup, .timeout = 300);

#define ENTRY(status, overridden)                                                                                      \
    "{\"instanceId\":\"o-1\",\"hostName\":\"127.0.0.1\",\"ipAddr\":\"127.0.0.1\",\"status\":\"" status "\","           \
    "\"overriddenStatus\":\"" overridden                                                                               \
    "\",\"port\":{\"$\":80,\"@enabled\":\"true\"},\"metadata\":{\"weight\":\"1\"}}"
#define OWN(status, overridden) "{\"instance\":" ENTRY(status, overridden) "}"
#define LIST "{\"application\":{\"name\":\"ORDERS\",\"instance\":[" ENTRY("UP", "UNKNOWN") "]}}"
#define NOT_FOUND "{\"status\":404,\"error\":\"Not Found\"}"

static struct fake_server server, other;
static const char *other_path;
static struct registry *eureka;
static struct err err; /* of the last call */
static struct registration_spec spec = {.service = "orders",
                                        .id = "o-1",
                                        .address = "",
                                        .port = 80,
                                        .tags = "",
                                        .version = "",
                                        .zone = "",
                                        .weight = 1,
                                        .check = CHECK_NONE,
                                        .check_interval_ms = 10000};

/* Clears err before the call; afterwards err holds what went wrong. */
#define TRY(call) (err_clear(&err), (call))

/* --- Set-up ------------------------------------------------------------------------------------------ */

enum { APPS, LIST_APP, REGISTER, OWN_ENTRY, RENEW, CANCEL, OVERRIDE, END_OVERRIDE };

static void be_eureka(struct fake_server *fake)
{
    static const struct fake_rule rules[] = {
        [APPS] = {"GET", "/eureka/apps", .status = 200, .body = "{\"applications\":{\"application\":[]}}"},
        [LIST_APP] = {"GET", "/eureka/apps/{app}", .status = 200, .body = LIST},
        [REGISTER] = {"POST", "/eureka/apps/ORDERS", .status = 204, .body = ""},
        [OWN_ENTRY] = {"GET", "/eureka/apps/ORDERS/{id}", .status = 200, .body = OWN("UP", "UNKNOWN")},
        [RENEW] = {"PUT", "/eureka/apps/ORDERS/{id}", .status = 200, .body = ""},
        [OVERRIDE] = {"PUT", "/eureka/apps/ORDERS/{id}/status", .status = 200, .body = ""},
        [END_OVERRIDE] = {"DELETE", "/eureka/apps/ORDERS/{id}/status", .status = 200, .body = ""},
        [CANCEL] = {"DELETE", "/eureka/apps/ORDERS/{id}", .status = 200, .body = ""},
    };
    memset(fake->rules, 0, sizeof fake->rules);
    memcpy(fake->rules, rules, sizeof rules);
}

static void with_servers(void *arg)
{
    struct http_client *http = http_client_new(16);
    char urls[200];
    fake_open(&server);
    fake_open(&other);
    int len = snprintf(urls, sizeof urls, "http://user:p%%40ss@%s/eureka/", server.address);
    if (other_path)
        snprintf(urls + len, sizeof urls - (size_t)len, ",http://%s%s", other.address, other_path);
    eureka = TRY(eureka_new(urls, http, &err));
    cr_expect(eureka, "%s", err.text);
    if (eureka)
        ((void (*)(void))arg)();
    registry_free(eureka);
    http_client_free(http);
    fake_close(&server);
    fake_close(&other);
}

static void run(void (*story)(void))
{
    be_eureka(&server);
    loop_open();
    loop_run(with_servers, (void *)story);
    cr_expect_eq(loop_close(), 0);
}

static int64_t soon(void)
{
    return deadline_in(20000);
}

static int register_now(void)
{
    return TRY(registry_register(eureka, &spec, soon(), &err));
}

static int beat(bool healthy)
{
    return TRY(registry_heartbeat(eureka, &spec, healthy, "", soon(), &err));
}

static bool is_registered(void)
{
    bool known = false;
    cr_expect_eq(TRY(registry_is_registered(eureka, &spec, soon(), &known, &err)), 0, "%s", err.text);
    return known;
}

/* The number of listed instances; -1: the fetch failed. */
static int count_now(void)
{
    struct registry_cursor cursor = {0};
    struct instance_list *list;
    int rc = TRY(registry_fetch(eureka, "orders", &cursor, 0, soon(), &list, &err));
    int count = list ? (int)list->count : -1;
    cr_expect_eq(rc == 0, list != NULL);
    cr_expect_eq(err.code == ERR_NONE, list != NULL);
    instance_list_unref(list);
    return count;
}

static void expect_error(int rc, const char *text)
{
    cr_expect_eq(rc, -1);
    cr_expect(strncmp(err.text, "eureka: ", 8) == 0 && strstr(err.text, text), "%s", err.text);
}

/* --- Register, heartbeat ------------------------------------------------------------------- */

static void register_and_deregister(void)
{
    cr_expect_eq(beat(true), -1, "not yet");
    cr_expect_eq(err.code, ERR_NOT_FOUND);
    cr_expect_eq(register_now(), 0, "%s", err.text);
    cr_expect_str_eq(registry_address(eureka, &spec), "127.0.0.1", "the local address of the connection");
    cr_expect(strstr(server.rules[REGISTER].form, "\"ipAddr\":\"127.0.0.1\""), "%s", server.rules[REGISTER].form);
    cr_expect_str_eq(server.rules[REGISTER].authorization, "Basic dXNlcjpwQHNz");
    cr_expect(is_registered());
    cr_expect_eq(beat(true), 0, "%s", err.text);
    cr_expect_eq(server.rules[RENEW].requests, 1);
    cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_eq(TRY(registry_deregister(eureka, &spec, soon(), &err)), 0, "%s", err.text);
    server.rules[CANCEL].status = 404;
    cr_expect_eq(TRY(registry_deregister(eureka, &spec, soon(), &err)), 0, "deregistering again succeeds too: %s",
                 err.text);
    cr_expect_eq(eureka->leader, LEADER_UNKNOWN);
    cr_expect_eq(server.rules[APPS].requests, 0, "the path needs no check of its own");
}

Test(eureka_http, instance_registers_and_deregisters)
{
    run(register_and_deregister);
}

static void forget(void)
{
    cr_expect_eq(register_now(), 0, "%s", err.text);
    server.rules[RENEW].status = 404;
    server.rules[RENEW].body = NOT_FOUND;
    expect_error(beat(true), "the lease of o-1 has expired");
    cr_expect_eq(err.code, ERR_NOT_FOUND, "so it registers again");
    server.rules[OWN_ENTRY].status = 404;
    cr_expect_not(is_registered());
    cr_expect_str_eq(eureka->difference, "");
}

Test(eureka_http, forgotten_instance_is_noticed)
{
    run(forget);
}

/* A heartbeat cannot change the status. */
static void fall_ill(void)
{
    spec.check = CHECK_HTTP;
    cr_expect_eq(register_now(), 0, "%s", err.text);
    cr_expect(strstr(server.rules[REGISTER].form, "\"status\":\"DOWN\""), "before its first heartbeat");
    cr_expect_eq(beat(true), 0, "%s", err.text);
    cr_expect(strstr(server.rules[REGISTER].form, "\"status\":\"UP\""), "%s", server.rules[REGISTER].form);
    cr_expect_eq(beat(true), 0, "%s", err.text);
    cr_expect_eq(server.rules[REGISTER].requests, 2);
    cr_expect_eq(server.rules[RENEW].requests, 2, "the first is sent at once, because it makes the lease last longer");
    cr_expect_eq(beat(false), 0, "%s", err.text);
    cr_expect(strstr(server.rules[REGISTER].form, "\"status\":\"DOWN\""), "%s", server.rules[REGISTER].form);
}

Test(eureka_http, status_is_registered_again_when_it_changes)
{
    run(fall_ill);
}

/* The server would keep OUT_OF_SERVICE, if the registration had it. */
static void order_maintenance(void)
{
    spec.maintenance = MAINTENANCE_ON;
    cr_expect_eq(register_now(), 0, "%s", err.text);
    cr_expect(strstr(server.rules[REGISTER].form, "\"status\":\"DOWN\""), "%s", server.rules[REGISTER].form);
    cr_expect_eq(server.rules[OVERRIDE].requests, 1);
    cr_expect_not(is_registered(), "the server shows no override: register again");
    spec.maintenance = MAINTENANCE_OFF;
    cr_expect_eq(register_now(), 0, "%s", err.text);
    cr_expect_eq(server.rules[END_OVERRIDE].requests, 1);
    cr_expect(is_registered());
}

Test(eureka_http, maintenance_is_an_override_of_the_status)
{
    run(order_maintenance);
    spec.maintenance = MAINTENANCE_AS_IS;
}

static void differ(void)
{
    cr_expect_eq(register_now(), 0, "%s", err.text);
    server.rules[OWN_ENTRY].body = OWN("DOWN", "UNKNOWN");
    cr_expect_not(is_registered());
    cr_expect_str_eq(eureka->difference, "its status is not ours");
    server.rules[OWN_ENTRY].body = OWN("OUT_OF_SERVICE", "OUT_OF_SERVICE");
    cr_expect(is_registered(), "an operator may do this");
    cr_expect_str_eq(eureka->difference, "");
    server.rules[OWN_ENTRY].body = "<html>";
    bool known;
    expect_error(TRY(registry_is_registered(eureka, &spec, soon(), &known, &err)), "not an instance in JSON");
}

Test(eureka_http, entry_that_is_not_ours_is_named)
{
    run(differ);
}

/* --- 404 ----------------------------------------------------------------------------------- */

static void list_nothing(void)
{
    server.rules[LIST_APP].status = 404;
    server.rules[LIST_APP].body = NOT_FOUND;
    cr_expect_eq(count_now(), 0, "%s", err.text);
    cr_expect_eq(count_now(), 0, "%s", err.text);
    cr_expect_eq(server.rules[APPS].requests, 1, "the server has shown once that it is Eureka");
}

Test(eureka_http, application_that_is_not_there_is_an_empty_list)
{
    run(list_nothing);
}

static void use_wrong_path(void)
{
    expect_error(count_now(),
                 "HTTP 404 for /eureka/apps: this is not the path of a Eureka server; EUREKA_URL usually ends in");
    expect_error(register_now(), "this is not the path");
}

Test(eureka_http, wrong_path_is_not_an_empty_list)
{
    be_eureka(&server);
    server.rules[0].pattern = "/registry/apps";
    server.rules[1].method = NULL;
    loop_open();
    loop_run(with_servers, (void *)use_wrong_path);
    cr_expect_eq(loop_close(), 0);
}

static void use_other_path(void)
{
    cr_expect_eq(count_now(), 1, "%s", err.text);
    fake_close(&server);
    expect_error(count_now(), "HTTP 404 for /wrong/apps: this is not the path of a Eureka server");
}

Test(eureka_http, path_of_each_server_is_checked)
{
    be_eureka(&other);
    other_path = "/wrong";
    run(use_other_path);
}

static void redirect(void)
{
    server.rules[LIST_APP].status = 302;
    expect_error(count_now(), "HTTP 302 for /eureka/apps/ORDERS: this is not the path");
}

Test(eureka_http, redirect_is_a_wrong_path)
{
    run(redirect);
}

/* --- 401, 403 ------------------------------------------------------------------------------ */

/* Netflix' own servers do so for some minutes, and take registrations all the same. */
static void start_slowly(void)
{
    server.rules[APPS].status = server.rules[LIST_APP].status = 403;
    server.rules[OWN_ENTRY].status = 404;
    cr_expect_eq(register_now(), 0, "%s", err.text);
    expect_error(count_now(), "HTTP 403: the server has just started and does not serve its list yet");
    server.rules[APPS].status = server.rules[LIST_APP].status = 200;
    cr_expect_eq(count_now(), 1, "%s", err.text);
}

Test(eureka_http, starting_server_registers_but_serves_no_list)
{
    run(start_slowly);
}

static void use_wrong_password(void)
{
    for (size_t i = 0; i < FAKE_RULES_MAX; i++)
        server.rules[i].status = 401;
    expect_error(register_now(),
                 "HTTP 401: user or password is missing or wrong; EUREKA_URL=http://user:password@host");
    cr_expect(!strstr(err.text, "p@ss") && !strstr(err.text, "p%40ss") && !strstr(err.text, "dXNlcjpwQHNz"), "%s",
              err.text);
    expect_error(count_now(), "HTTP 401");
}

Test(eureka_http, wrong_password_says_where_it_belongs)
{
    run(use_wrong_password);
}

static void write_without_csrf_token(void)
{
    server.rules[REGISTER].status = server.rules[RENEW].status = 401;
    expect_error(register_now(), "HTTP 401 for POST, although this user may read; exempt /eureka/** from CSRF");
    server.rules[REGISTER].status = 403;
    expect_error(register_now(), "HTTP 403 for POST, although this user may read");
}

Test(eureka_http, write_that_is_refused_although_reads_work_is_csrf)
{
    run(write_without_csrf_token);
}

/* --- Other errors -------------------------------------------------------------------------- */

static void fail_in_several_ways(void)
{
    server.rules[REGISTER].status = 400;
    server.rules[REGISTER].body = "Missing hostname";
    expect_error(register_now(), "HTTP 400: Missing hostname");
    server.rules[LIST_APP].status = 500;
    server.rules[LIST_APP].body = "{\"status\":500,\"error\":\"Internal Server Error\"}";
    expect_error(count_now(), "HTTP 500: Internal Server Error");
    server.rules[LIST_APP].status = 503;
    server.rules[LIST_APP].body = "<html>";
    expect_error(count_now(), "HTTP 503");
    server.rules[LIST_APP].status = 200;
    expect_error(count_now(), "the list is not");
}

Test(eureka_http, failures_name_the_reason)
{
    run(fail_in_several_ways);
}

static void repeat_password(void)
{
    server.rules[REGISTER].status = 400;
    server.rules[REGISTER].body = "cannot read: Basic dXNlcjpwQHNz, user:p@ss";
    expect_error(register_now(), "HTTP 400: cannot read: Basic ************, user:****");
    server.rules[LIST_APP].status = 500;
    server.rules[LIST_APP].body = "p@ss";
    expect_error(count_now(), "HTTP 500: ****");
}

Test(eureka_http, password_is_in_no_error)
{
    run(repeat_password);
}

/* --- Several servers ----------------------------------------------------------------------- */

static void restart_list(void)
{
    cr_expect_eq(register_now(), 0, "%s", err.text);
    server.rules[LIST_APP].body = "{\"application\":{\"instance\":[" ENTRY("UP", "UNKNOWN") ",{\"instanceId\":";
    other.rules[LIST_APP].body = "{\"application\":{\"instance\":[]}}";
    cr_expect_eq(count_now(), 0, "only the second server's: %s", err.text);
    cr_expect_eq(beat(true), 0, "%s", err.text);
    cr_expect_eq(server.rules[RENEW].requests, 0);
    cr_expect_eq(other.rules[RENEW].requests, 1, "requests stay with the server that answered");
    cr_expect_str_eq(other.rules[RENEW].authorization, "", "the user of one server is not sent to another");
}

Test(eureka_http, broken_list_is_read_again_from_the_next_server)
{
    be_eureka(&other);
    other_path = "/eureka";
    run(restart_list);
}

Test(eureka_http, url_is_checked)
{
    cr_expect_eq(eureka_check_url("http://a:8761/eureka,https://u:p@[::1]:443/x/eureka/"), 0);
    cr_expect_eq(eureka_check_url("http://a:8761"), 0, "the path is /eureka");
    cr_expect_eq(eureka_check_url("http://a/eureka"), -1, "no port");
    cr_expect_eq(eureka_check_url("a:8761"), -1, "no scheme");
    cr_expect_eq(eureka_check_url("http://a:8761,"), -1);
    cr_expect_null(TRY(eureka_new("http://u:secret@a", NULL, &err)));
    cr_expect(strstr(err.text, "EUREKA_URL=***") && !strstr(err.text, "secret"), "%s", err.text);
}
