/* nacos.c and nacos_http.c against servers whose replies the test writes: version, login, namespace, failover, errors.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
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

TestSuite(nacos_http, .fini = cleanup, .timeout = 300);

#define OK "{\"code\":0,\"message\":\"success\",\"data\":\"ok\"}"
#define LIST                                                                                                           \
    "{\"code\":0,\"message\":\"success\",\"data\":[{\"ip\":\"10.0.0.1\",\"port\":80,\"healthy\":true,\"metadata\":{"   \
    "\"id\":\"o-1\"}}]}"
#define UNKNOWN_INSTANCE "{\"code\":21003,\"message\":\"instance not found\",\"data\":null}"
#define NO_TOKEN "{\"status\":403,\"error\":\"Forbidden\",\"message\":\"user not found!\"}"
#define TOKEN "aaa.bbb.ccc"
#define BEARER "Bearer " TOKEN

static struct fake_server server, other;
static struct nacos_config config;
static struct registry *nacos;
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

enum { V3_LIST, V3_REGISTER, V3_DEREGISTER, V3_LOGIN, V3_NAMESPACES };
enum { V1_LIST, V1_REGISTER, V1_BEAT, V1_DEREGISTER, V1_LOGIN };

static void be_version_3(struct fake_server *fake)
{
    static const struct fake_rule rules[] = {
        [V3_LIST] = {"GET", "/nacos/v3/client/ns/instance/list", .status = 200, .body = LIST},
        [V3_REGISTER] = {"POST", "/nacos/v3/client/ns/instance", .status = 200, .body = OK},
        [V3_DEREGISTER] = {"DELETE", "/nacos/v3/client/ns/instance", .status = 200, .body = OK},
        [V3_LOGIN] = {"POST", "/nacos/v3/auth/user/login", .status = 200,
                      .body = "{\"accessToken\":\"" TOKEN "\",\"tokenTtl\":18000}"},
        [V3_NAMESPACES] = {"GET", "/nacos/v3/admin/core/namespace/list", .status = 200,
                           .body = "{\"code\":0,\"data\":[{\"namespace\":\"public\"},{\"namespace\":\"dev\"}]}"},
    };
    memset(fake->rules, 0, sizeof fake->rules);
    memcpy(fake->rules, rules, sizeof rules);
}

static void be_version_1(struct fake_server *fake)
{
    static const struct fake_rule rules[] = {
        [V1_LIST] = {"GET", "/nacos/v1/ns/instance/list", .status = 200, .body = "{\"name\":\"orders\",\"hosts\":[]}"},
        [V1_REGISTER] = {"POST", "/nacos/v1/ns/instance", .status = 200, .body = "ok"},
        [V1_BEAT] = {"PUT", "/nacos/v1/ns/instance/beat", .status = 200,
                     .body = "{\"clientBeatInterval\":5000,\"code\":10200}"},
        [V1_DEREGISTER] = {"DELETE", "/nacos/v1/ns/instance", .status = 200, .body = "ok"},
        [V1_LOGIN] = {"POST", "/nacos/v1/auth/login", .status = 200,
                      .body = "{\"accessToken\":\"" TOKEN "\",\"tokenTtl\":18000}"},
    };
    memset(fake->rules, 0, sizeof fake->rules);
    memcpy(fake->rules, rules, sizeof rules);
}

static void with_servers(void *arg)
{
    struct http_client *http = http_client_new(16);
    char addresses[100];
    fake_open(&server);
    fake_open(&other);
    snprintf(addresses, sizeof addresses, "%s,%s", server.address, other.address);
    config.server_addr = other.rules[0].method ? addresses : server.address;
    nacos = TRY(nacos_new(&config, http, &err));
    cr_expect(nacos, "%s", err.text);
    if (nacos)
        ((void (*)(void))arg)();
    registry_free(nacos);
    http_client_free(http);
    fake_close(&server);
    fake_close(&other);
}

static void run(void (*story)(void))
{
    loop_open();
    loop_run(with_servers, (void *)story);
    cr_expect_eq(loop_close(), 0);
}

static void set_up(void)
{
    be_version_3(&server);
    config = (struct nacos_config){
        .namespace_id = "public", .group = "DEFAULT_GROUP", .username = "", .password = "", .password_file = ""};
}

static int64_t soon(void)
{
    return deadline_in(20000);
}

static int register_now(void)
{
    return TRY(registry_register(nacos, &spec, soon(), &err));
}

static int beat(bool healthy)
{
    return TRY(registry_heartbeat(nacos, &spec, healthy, "", soon(), &err));
}

/* The number of listed instances; -1: the fetch failed. */
static int count_now(void)
{
    struct registry_cursor cursor = {0};
    struct instance_list *list;
    int rc = TRY(registry_fetch(nacos, "orders", &cursor, 0, soon(), &list, &err));
    int count = list ? (int)list->count : -1;
    cr_expect_eq(rc == 0, list != NULL);
    cr_expect_eq(err.code == ERR_NONE, list != NULL);
    instance_list_unref(list);
    return count;
}

static void expect_error(int rc, const char *text)
{
    cr_expect_eq(rc, -1);
    cr_expect(strncmp(err.text, "nacos: ", 7) == 0 && strstr(err.text, text), "%s", err.text);
}

/* --- The version of the API ---------------------------------------------------------------- */

static void register_and_deregister(void)
{
    bool known = false;
    cr_expect_eq(register_now(), 0, "%s", err.text);
    cr_expect_str_eq(registry_address(nacos, &spec), "127.0.0.1", "the local address of the connection");
    cr_expect_eq(TRY(registry_is_registered(nacos, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect(known);
    cr_expect_eq(beat(true), 0, "%s", err.text);
    cr_expect_eq(TRY(registry_deregister(nacos, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(nacos->leader, LEADER_UNKNOWN);
    cr_expect_eq(beat(true), -1, "after that no heartbeat brings it back");
    cr_expect_eq(err.code, ERR_NOT_FOUND);
}

static void use_version_3(void)
{
    register_and_deregister();
    cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_eq(server.rules[V3_LIST].requests, 2, "the version is found out once");
    cr_expect(strstr(server.rules[V3_REGISTER].form, "ip=127.0.0.1&port=80&ephemeral=true&heartBeat=true"), "%s",
              server.rules[V3_REGISTER].form);
    cr_expect_eq(server.rules[V3_DEREGISTER].requests, 1);
}

Test(nacos_http, version_3_is_found_out_once)
{
    set_up();
    run(use_version_3);
}

static void use_version_1(void)
{
    register_and_deregister();
    cr_expect_eq(count_now(), 0, "%s", err.text);
    cr_expect_eq(server.rules[V1_LIST].requests, 2, "the version is found out once");
    cr_expect_eq(server.rules[V1_BEAT].requests, 2);
}

Test(nacos_http, version_1_is_used_if_3_is_not_known)
{
    set_up();
    be_version_1(&server);
    run(use_version_1);
}

/* Another process of ours may have registered it; and the reconcile may come first. */
static void ask_first(void)
{
    bool known = true;
    server.rules[V3_REGISTER].body = UNKNOWN_INSTANCE;
    cr_expect_eq(TRY(registry_is_registered(nacos, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect_not(known);
    cr_expect(strstr(server.rules[V3_REGISTER].form, "ip=127.0.0.1&"), "%s", server.rules[V3_REGISTER].form);
    cr_expect_str_eq(nacos->difference, "");
}

Test(nacos_http, first_call_of_any_kind_finds_out_the_version)
{
    set_up();
    run(ask_first);
}

static void replace_server(void)
{
    cr_expect_eq(count_now(), 1, "%s", err.text);
    server.rules[V3_LIST].status = 410;
    expect_error(count_now(), "HTTP 410");
    server.rules[V3_LIST].status = 200;
    cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_eq(server.rules[V3_LIST].requests, 5, "it was asked for its version again");
}

Test(nacos_http, server_of_another_version_is_noticed)
{
    set_up();
    run(replace_server);
}

static void use_wrong_path(void)
{
    expect_error(register_now(), "HTTP 404 for /nacos/v1/ns/instance/list: this is not Nacos' API; NACOS_SERVER_ADDR");
    expect_error(count_now(), "this is not Nacos' API");
}

Test(nacos_http, server_that_is_not_nacos_is_an_error)
{
    set_up();
    server.rules[0] = (struct fake_rule){"GET", "/eureka/apps/{app}", .status = 200, .body = "{}"};
    server.rules[1].method = NULL;
    run(use_wrong_path);
}

static void start_slowly(void)
{
    server.rules[V3_LIST].status = 503;
    server.rules[V3_LIST].body = "server is STARTING now, please try again later!";
    expect_error(register_now(), "HTTP 503: server is STARTING now");
    server.rules[V3_LIST].status = 200;
    server.rules[V3_LIST].body = LIST;
    cr_expect_eq(register_now(), 0, "%s", err.text);
    cr_expect_eq(server.rules[V3_REGISTER].requests, 1);
}

Test(nacos_http, server_that_starts_has_no_version_yet)
{
    set_up();
    run(start_slowly);
}

/* --- Register, heartbeat ------------------------------------------------------------------- */

static void forget(void)
{
    bool known = true;
    cr_expect_eq(register_now(), 0, "%s", err.text);
    server.rules[V3_REGISTER].body = UNKNOWN_INSTANCE;
    expect_error(beat(true), "not registered any more");
    cr_expect_eq(err.code, ERR_NOT_FOUND, "so it registers again");
    cr_expect_eq(TRY(registry_is_registered(nacos, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect_not(known);
    expect_error(register_now(), "does not know an instance that it was to register");
    server.rules[V3_DEREGISTER].body = UNKNOWN_INSTANCE;
    cr_expect_eq(TRY(registry_deregister(nacos, &spec, soon(), &err)), 0, "%s", err.text);
}

Test(nacos_http, forgotten_instance_is_noticed)
{
    set_up();
    run(forget);
}

/* A heartbeat says healthy, whatever the entry said before. */
static void fall_ill(void)
{
    bool known = false;
    spec.check = CHECK_HTTP;
    cr_expect_eq(register_now(), 0, "%s", err.text);
    cr_expect(strstr(server.rules[V3_REGISTER].form, "&healthy=false&"), "before its first heartbeat");
    int requests = server.rules[V3_REGISTER].requests;
    cr_expect_eq(TRY(registry_is_registered(nacos, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect(known && server.rules[V3_REGISTER].requests == requests, "without a heartbeat");
    cr_expect_eq(beat(true), 0, "%s", err.text);
    cr_expect(strstr(server.rules[V3_REGISTER].form, "&heartBeat=true"), "%s", server.rules[V3_REGISTER].form);
    cr_expect_eq(beat(false), 0, "%s", err.text);
    cr_expect(strstr(server.rules[V3_REGISTER].form, "&healthy=false&"), "%s", server.rules[V3_REGISTER].form);
}

Test(nacos_http, unhealthy_instance_sends_its_state_instead)
{
    set_up();
    run(fall_ill);
}

static void fail_in_several_ways(void)
{
    server.rules[V3_REGISTER].status = 400;
    server.rules[V3_REGISTER].body =
        "Param 'groupName' is illegal, illegal characters should not appear in the param.\r\n";
    expect_error(register_now(), "HTTP 400: Param 'groupName' is illegal");
    server.rules[V3_REGISTER].status = 200;
    server.rules[V3_REGISTER].body =
        "{\"code\":30000,\"message\":\"server error\",\"data\":\"errMsg: is persistent service\"}";
    expect_error(register_now(), "delete that service in Nacos");
    server.rules[V3_LIST].body = "{\"code\":30000,\"message\":\"server error\",\"data\":\"no disk\"}";
    expect_error(count_now(), "HTTP 200: server error: no disk");
    server.rules[V3_LIST].body = "{\"code\":21003,\"message\":\"instance not found\",\"data\":null}";
    expect_error(count_now(), "HTTP 200: instance not found");
    server.rules[V3_LIST].status = 500;
    expect_error(count_now(), "HTTP 500");
    server.rules[V3_LIST].status = 403;
    server.rules[V3_LIST].body = NO_TOKEN;
    expect_error(count_now(), "HTTP 403: user not found!; set NACOS_USERNAME and NACOS_PASSWORD");
}

Test(nacos_http, failures_name_the_cause_and_what_to_do)
{
    set_up();
    run(fail_in_several_ways);
}

/* --- Namespace ----------------------------------------------------------------------------- */

static void use_unknown_namespace(void)
{
    expect_error(register_now(), "NACOS_NAMESPACE=test: Nacos has no namespace with this id; create it");
    cr_expect_eq(server.rules[V3_REGISTER].requests, 0, "Nacos itself would accept it");
    expect_error(count_now(), "NACOS_NAMESPACE=test");
    server.rules[V3_NAMESPACES].body = "{\"code\":0,\"data\":[{\"namespace\":\"public\"},{\"namespace\":\"test\"}]}";
    cr_expect_eq(register_now(), 0, "it was created meanwhile: %s", err.text);
    cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_eq(server.rules[V3_NAMESPACES].requests, 3, "a namespace that is there is not asked for again");
}

Test(nacos_http, unknown_namespace_is_an_error)
{
    set_up();
    config.namespace_id = "test";
    run(use_unknown_namespace);
}

static void use_unreadable_namespaces(void)
{
    server.rules[V3_NAMESPACES].status = 403;
    server.rules[V3_NAMESPACES].body = NO_TOKEN;
    cr_expect_eq(register_now(), 0, "%s", err.text);
}

Test(nacos_http, namespaces_that_may_not_be_read_are_not_an_error)
{
    set_up();
    config.namespace_id = "test";
    run(use_unreadable_namespaces);
}

/* --- Login --------------------------------------------------------------------------------- */

static void want_login(struct fake_server *fake)
{
    for (size_t i = V3_LIST; i <= V3_DEREGISTER; i++) {
        fake->rules[i].wants = BEARER;
        fake->rules[i].denial = NO_TOKEN;
    }
}

static void set_up_login(void)
{
    set_up();
    want_login(&server);
    config.username = "us er";
    config.password = "p&ss";
}

static void use_login(void)
{
    cr_expect_eq(register_now(), 0, "%s", err.text);
    cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_eq(server.rules[V3_LOGIN].requests, 1);
    cr_expect_str_eq(server.rules[V3_LOGIN].form, "username=us%20er&password=p%26ss");
    cr_expect_str_eq(server.rules[V3_LOGIN].authorization, "");
}

Test(nacos_http, login_comes_once_before_the_first_request)
{
    set_up_login();
    run(use_login);
}

static void lose_token(void)
{
    cr_expect_eq(count_now(), 1, "%s", err.text);
    server.rules[V3_LIST].wants = "Bearer second";
    server.rules[V3_LOGIN].body = "{\"accessToken\":\"second\",\"tokenTtl\":18000}";
    cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_eq(server.rules[V3_LOGIN].requests, 2);
}

Test(nacos_http, refused_token_is_renewed)
{
    set_up_login();
    run(lose_token);
}

/* A server's error may repeat what it was sent. */
static void repeat_token(void)
{
    cr_expect_eq(count_now(), 1, "%s", err.text);
    server.rules[V3_REGISTER].status = 400;
    server.rules[V3_REGISTER].body = "cannot read: " BEARER ", " TOKEN;
    expect_error(register_now(), "HTTP 400: cannot read: Bearer ***********, ***********");
    server.rules[V3_LIST].status = 500;
    server.rules[V3_LIST].body = "caused: " TOKEN;
    expect_error(count_now(), "HTTP 500: caused: ***********");
    server.rules[V3_LIST].status = 200;
    server.rules[V3_LIST].body = "{\"code\":30000,\"message\":\"" TOKEN "\"}";
    expect_error(count_now(), "HTTP 200: ***********");
}

Test(nacos_http, token_is_in_no_error)
{
    set_up_login();
    run(repeat_token);
}

static void log_in_later(void)
{
    server.rules[V3_LOGIN].status = 500;
    expect_error(register_now(), "cannot log in");
    server.rules[V3_LOGIN].status = 200;
    expect_error(register_now(), "Nacos has no namespace with this id");
    cr_expect_eq(server.rules[V3_REGISTER].requests, 0);
}

Test(nacos_http, namespace_without_a_reply_is_not_checked_yet)
{
    set_up_login();
    config.namespace_id = "test";
    run(log_in_later);
}

static void let_token_expire(void)
{
    cr_expect_eq(count_now(), 1, "%s", err.text);
    server.rules[V3_LOGIN].body = "{\"accessToken\":\"" TOKEN "\",\"tokenTtl\":18000}";
    int denied = server.rules[V3_LIST].requests;
    while (server.rules[V3_LOGIN].requests == 1 && fiber_sleep(20) == 0)
        cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_gt(server.rules[V3_LIST].requests, denied);
    cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_eq(server.rules[V3_LOGIN].requests, 2, "before the server refused it");
}

Test(nacos_http, token_is_renewed_before_it_expires)
{
    set_up_login();
    server.rules[V3_LOGIN].body = "{\"accessToken\":\"" TOKEN "\",\"tokenTtl\":1}";
    run(let_token_expire);
}

/* The database of the users may be down while the lists go on. */
static void fail_to_renew(void)
{
    cr_expect_eq(count_now(), 1, "%s", err.text);
    server.rules[V3_LOGIN].status = 500;
    while (server.rules[V3_LOGIN].requests == 1 && fiber_sleep(20) == 0)
        cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_eq(server.rules[V3_LOGIN].requests, 2, "the next login waits a little");
    server.rules[V3_LIST].wants = "Bearer second";
    expect_error(count_now(), "cannot log in: HTTP 500");
}

Test(nacos_http, token_that_lives_is_used_while_a_login_fails)
{
    set_up_login();
    server.rules[V3_LOGIN].body = "{\"accessToken\":\"" TOKEN "\",\"tokenTtl\":1}";
    run(fail_to_renew);
}

static void may_not(void)
{
    server.rules[V3_LIST].denial = "{\"status\":403,\"message\":\"Code: 403, Message: authorization failed!.\"}";
    server.rules[V3_LIST].wants = "Bearer of another user";
    expect_error(count_now(), "give the user of NACOS_USERNAME the permission in Nacos");
    expect_error(count_now(), "give the user");
    cr_expect_eq(server.rules[V3_LOGIN].requests, 1);
}

Test(nacos_http, user_without_permission_logs_in_only_once)
{
    set_up_login();
    run(may_not);
}

static void use_wrong_password(void)
{
    static const int statuses[] = {500, 403, 401};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        server.rules[V3_LOGIN].status = statuses[i];
        server.rules[V3_LOGIN].body = "caused: User us er not found; p&ss";
        expect_error(register_now(), "check NACOS_USERNAME and NACOS_PASSWORD");
        cr_expect(!strstr(err.text, "us er") && !strstr(err.text, "p&ss"), "%s", err.text);
    }
    server.rules[V3_LOGIN].status = 503;
    expect_error(register_now(), "not ready");
    server.rules[V3_LOGIN].status = 200;
    server.rules[V3_LOGIN].body = "{}";
    expect_error(register_now(), "no token");
}

Test(nacos_http, wrong_password_says_what_to_check)
{
    set_up_login();
    run(use_wrong_password);
}

/* --- Password in a file -------------------------------------------------------------------- */

static char password_file[64];

static void write_password(const char *password)
{
    FILE *file = fopen(password_file, "w");
    cr_assert(file);
    fputs(password, file);
    fclose(file);
}

static void use_password_file(void)
{
    cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_str_eq(server.rules[V3_LOGIN].form, "username=us%20er&password=first");
    write_password("second\n");
    server.rules[V3_LIST].wants = "Bearer second";
    server.rules[V3_LOGIN].body = "{\"accessToken\":\"second\",\"tokenTtl\":18000}";
    cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_str_eq(server.rules[V3_LOGIN].form, "username=us%20er&password=second");

    unlink(password_file);
    server.rules[V3_LIST].wants = "Bearer third";
    expect_error(count_now(), "NACOS_PASSWORD_FILE=***: want a file that holds a password");
    cr_expect(strstr(err.text, "No such file or directory"), "%s", err.text);
}

Test(nacos_http, password_is_read_from_its_file_at_each_login)
{
    set_up_login();
    snprintf(password_file, sizeof password_file, "/tmp/nacos-password-%d", (int)getpid());
    write_password("first \r\n");
    config.password_file = password_file;
    run(use_password_file);
    unlink(password_file);
}

Test(nacos_http, settings_are_checked_at_the_start)
{
    set_up();
    config.server_addr = "127.0.0.1";
    config.password_file = "/nonexistent";
    cr_expect_null(TRY(nacos_new(&config, NULL, &err)));
    cr_expect(strstr(err.text, "NACOS_PASSWORD_FILE=***"), "%s", err.text);
    config.password_file = "";
    config.server_addr = "http://user:password@127.0.0.1";
    cr_expect_null(TRY(nacos_new(&config, NULL, &err)));
    cr_expect(strstr(err.text, "NACOS_SERVER_ADDR=***") && !strstr(err.text, "user:password"), "%s", err.text);
    cr_expect_eq(nacos_check_server_addr("nacos-1,nacos-2:8849,https://[::1]:443/,http://nacos-3/registry"), 0);
    cr_expect_eq(nacos_check_server_addr("::1"), -1, "IPv6 needs brackets");
}

/* --- Several servers ----------------------------------------------------------------------- */

static void restart_list(void)
{
    cr_expect_eq(register_now(), 0, "%s", err.text);
    server.rules[V3_LIST].body =
        "{\"code\":0,\"data\":[{\"ip\":\"10.0.0.8\",\"port\":80},{\"ip\":\"10.0.0.9\",\"port\":80},{";
    cr_expect_eq(count_now(), 1, "only the second server's: %s", err.text);
    server.rules[V3_LIST].body = LIST;
    cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_eq(other.rules[V3_LIST].requests, 2, "lists stay with the server that answered");
}

Test(nacos_http, broken_list_is_read_again_from_the_next_server)
{
    set_up();
    be_version_3(&other);
    run(restart_list);
}

static void lose_server(void)
{
    cr_expect_eq(count_now(), 1, "%s", err.text);
    fake_close(&server);
    cr_expect_eq(count_now(), 1, "%s", err.text);
    cr_expect_eq(other.rules[V3_LOGIN].requests, 1, "that server does not know the token");
    cr_expect_eq(register_now(), 0, "%s", err.text);
    fake_close(&other);
    expect_error(count_now(), "127.0.0.1");
    cr_expect_eq(err.code, ERR_UNREACHABLE);
}

Test(nacos_http, next_server_is_used_with_a_login_of_its_own)
{
    set_up_login();
    be_version_3(&other);
    other.rules[V3_LOGIN].body = "{\"accessToken\":\"of.other\",\"tokenTtl\":18000}";
    for (size_t i = V3_LIST; i <= V3_DEREGISTER; i++) {
        other.rules[i].wants = "Bearer of.other";
        other.rules[i].denial = NO_TOKEN;
    }
    run(lose_server);
}

static int requests_of(const struct fake_server *fake)
{
    return fake->rules[V3_REGISTER].requests;
}

/* Servers of version 3 do not forward a request to the one that is responsible for the instance. */
static void write_to_both(void)
{
    cr_expect_eq(register_now(), 0, "%s", err.text);
    cr_expect_eq(beat(true), 0, "%s", err.text);
    cr_expect(requests_of(&server) == 2 && requests_of(&other) == 2);
    other.rules[V3_REGISTER].body = UNKNOWN_INSTANCE; /* for both requests, so it stays unknown */
    cr_expect_eq(beat(true), 0, "%s", err.text);
    cr_expect(strstr(other.rules[V3_REGISTER].form, "&metadata="), "it gets the entry again: %s",
              other.rules[V3_REGISTER].form);

    other.rules[V3_REGISTER].body = OK;
    cr_expect_eq(TRY(registry_deregister(nacos, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect(server.rules[V3_DEREGISTER].requests == 1 && other.rules[V3_DEREGISTER].requests == 1);
}

Test(nacos_http, version_3_gets_each_write_at_every_server)
{
    set_up();
    be_version_3(&other);
    run(write_to_both);
}

static void lose_one_of_two(void)
{
    cr_expect_eq(register_now(), 0, "%s", err.text);
    fake_close(&server);
    cr_expect_eq(beat(true), 0, "one is enough: %s", err.text);
    other.rules[V3_REGISTER].body = UNKNOWN_INSTANCE;
    expect_error(beat(true), "not registered any more");
    other.rules[V3_REGISTER].body = "{\"code\":30000,\"message\":\"server error\"}";
    expect_error(beat(true), "HTTP 200: server error");
}

Test(nacos_http, version_3_needs_only_one_server)
{
    set_up();
    be_version_3(&other);
    run(lose_one_of_two);
}

static void find_it_at_one(void)
{
    bool known = false;
    cr_expect_eq(TRY(registry_deregister(nacos, &spec, soon(), &err)), 0, "%s", err.text);
    other.rules[V3_REGISTER].body = UNKNOWN_INSTANCE;
    cr_expect_eq(TRY(registry_is_registered(nacos, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect(known);
    cr_expect_eq(requests_of(&other), 1, "an instance that has deregistered does not register again");
}

Test(nacos_http, deregistered_instance_is_not_repaired)
{
    set_up();
    be_version_3(&other);
    run(find_it_at_one);
}

static void use_one_of_version_1(void)
{
    cr_expect_eq(register_now(), 0, "%s", err.text);
    cr_expect_eq(beat(true), 0, "%s", err.text);
    cr_expect(server.rules[V1_BEAT].requests == 1 && other.rules[V1_BEAT].requests == 0);
    server.rules[V1_BEAT].status = 500;
    cr_expect_eq(beat(true), 0, "%s", err.text);
    cr_expect_eq(beat(true), 0, "%s", err.text);
    cr_expect(server.rules[V1_BEAT].requests == 2 && other.rules[V1_BEAT].requests == 2);
}

Test(nacos_http, version_1_stays_with_the_server_that_answers)
{
    set_up();
    be_version_1(&server);
    be_version_1(&other);
    run(use_one_of_version_1);
}
