/* consul.c against a real Consul, and against a fake one whose replies are wrong. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/server.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "registry/consul/consul.h"
#include "registry/consul/consul_checks.h"
#include "registry/consul/consul_http.h"

static void cleanup(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(consul, .fini = cleanup, .timeout = 300);
TestSuite(consul_wrong, .fini = cleanup, .timeout = 300);

static struct http_client *http;
static struct registry *consul;
static struct err err; /* of the last call */

static struct consul_config config_of(const char *address)
{
    return (struct consul_config){.address = address, .token = "", .token_file = "", .ssl_verify = true, .ca_file = "",
                                  .client_cert = "", .client_key = "", .tls_server_name = ""};
}

static struct registration_spec make_spec(const char *id, enum check_kind check)
{
    return (struct registration_spec){
        .service = "user-service", .id = id, .address = "", .port = 8001, .tags = "v1,c", .version = "1.0", .zone = "a",
        .weight = 3, .check = check, .check_interval_ms = 1000, .check_timeout_ms = 1000, .deregister_after_ms = 60000};
}

static int64_t soon(void)
{
    return deadline_in(20000);
}

/* Clears err before the call; afterwards err holds what went wrong. */
#define TRY(call) (err_clear(&err), (call))

/* --- A real Consul ---------------------------------------------------------------------------- */

static struct folder folder;
static struct server server;

static void with_http(void *arg)
{
    struct consul_config config = config_of(server.url);
    http = http_client_new(16);
    consul = TRY(consul_new(&config, http, &err));
    cr_expect(consul, "%s", err.text);
    ((void (*)(void))arg)();
    registry_free(consul);
    http_client_free(http);
}

static void run_with_consul(void (*story)(void))
{
    struct err start = ERR_INIT;
    cr_assert_eq(folder_take(&folder, &start), 0, "%s", start.text);
    cr_assert_eq(server_init(&server, SERVER_CONSUL, &folder, &start), 0, "%s", start.text);
    cr_assert_eq(server_start(&server, &start), 0, "%s", start.text);
    loop_open();
    loop_run(with_http, (void *)story);
    cr_expect_eq(loop_close(), 0);
    server_close(&server);
    folder_remove(&folder);
}

/* An operator's request. */
static void put_body(const char *path, const char *body)
{
    struct http_response response = HTTP_RESPONSE_INIT;
    struct http_call call = {.method = "PUT", .host = "127.0.0.1", .port = (uint16_t)server.port.number, .path = path,
                             .body = body, .body_len = strlen(body), .deadline = soon(), .body_cap = 65536};
    cr_expect_eq(TRY(http_call(http, &call, &response, &err)), 0, "%s", err.text);
    cr_expect_eq(response.status, 200, "%s: %d %s", path, response.status, buf_text(&response.body));
    http_response_close(&response);
}

static void put(const char *path)
{
    put_body(path, "");
}

/* NULL with err.code ERR_NONE: the list is unchanged. */
static struct instance_list *fetch(struct registry_cursor *cursor, int64_t wait_ms)
{
    struct instance_list *list;
    int rc = TRY(registry_fetch(consul, "user-service", cursor, wait_ms, deadline_in(wait_ms * 17 / 16 + 5000), &list,
                                &err));
    cr_expect_eq(rc, err.code == ERR_NONE ? 0 : -1);
    cr_expect(rc == 0 || !list);
    return list;
}

/* Fetches until the first instance has this status; its list. */
static struct instance_list *fetch_until(enum instance_status status)
{
    struct registry_cursor cursor = {0};
    int64_t limit = deadline_in(20000);
    struct instance_list *list = fetch(&cursor, 0);
    while (list && (list->count == 0 || list->at[0].status != status) && deadline_left(limit) > 0) {
        struct instance_list *next = fetch(&cursor, 2000);
        if (err.code == ERR_NONE && !next)
            continue;
        instance_list_unref(list);
        list = next;
    }
    cr_expect(list && list->count > 0 && list->at[0].status == status, "%s", err.text);
    return list;
}

static void register_and_deregister(void)
{
    struct registration_spec spec = make_spec("u 1/ü?", CHECK_NONE);
    bool known = true;
    cr_expect_eq(TRY(registry_is_registered(consul, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect_not(known);
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(TRY(registry_is_registered(consul, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect(known);
    cr_expect_eq(TRY(registry_deregister(consul, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(TRY(registry_deregister(consul, &spec, soon(), &err)), 0, "deregistering again succeeds too: %s", err.text);
    cr_expect_eq(TRY(registry_is_registered(consul, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect_not(known);
}

Test(consul, any_id_can_be_registered_and_deregistered)
{
    run_with_consul(register_and_deregister);
}

static void find_instance(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_NONE);
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_str_eq(registry_address(consul, &spec), "127.0.0.1");

    struct instance_list *list = fetch_until(INSTANCE_PASSING);
    const struct instance *found = list ? instance_list_find(list, "u-1") : NULL;
    cr_expect_not_null(found);
    if (found) {
        cr_expect_str_eq(found->address, "127.0.0.1", "the local address of the connection");
        cr_expect_eq(found->port, 8001);
        cr_expect_eq(found->weight, 3);
        cr_expect_eq(found->warning_weight, 1);
        cr_expect_str_eq(found->zone, "a");
        cr_expect_str_eq(found->version, "1.0");
        cr_expect_not(found->maintenance || found->node_down);
    }
    instance_list_unref(list);
    spec.address = "10.1.2.3";
    cr_expect_str_eq(registry_address(consul, &spec), "10.1.2.3");
}

Test(consul, instance_is_found_at_its_local_address)
{
    run_with_consul(find_instance);
}

/* With a TTL of 30 s. */
static struct registration_spec make_ttl_spec(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_TTL);
    spec.check_interval_ms = 10000;
    return spec;
}

static void expect_ttl(bool healthy, const char *note, enum instance_status status)
{
    struct registration_spec spec = make_ttl_spec();
    cr_expect_eq(TRY(registry_heartbeat(consul, &spec, healthy, note, soon(), &err)), 0, "%s", err.text);
    instance_list_unref(fetch_until(status));
}

static void follow_heartbeats(void)
{
    struct registration_spec spec = make_ttl_spec();
    char output[200];
    bool failing;
    cr_expect_eq(TRY(registry_heartbeat(consul, &spec, true, "", soon(), &err)), -1);
    cr_expect_eq(err.code, ERR_NOT_FOUND, "%s", err.text);

    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    instance_list_unref(fetch_until(INSTANCE_CRITICAL));
    cr_expect_eq(TRY(registry_check_output(consul, &spec, soon(), &failing, output, sizeof output, &err)), 0);
    cr_expect_not(failing, "no heartbeat yet: %s", output);

    expect_ttl(true, "healthy", INSTANCE_PASSING);
    expect_ttl(false, "redis: 100% & gone", INSTANCE_CRITICAL);
    cr_expect_eq(TRY(registry_check_output(consul, &spec, soon(), &failing, output, sizeof output, &err)), 0, "%s", err.text);
    cr_expect(failing);
    cr_expect_str_eq(output, "redis: 100% & gone");
    expect_ttl(true, "healthy", INSTANCE_PASSING);
}

Test(consul, ttl_check_follows_the_heartbeats)
{
    run_with_consul(follow_heartbeats);
}

static void replace_check(void)
{
    struct registration_spec earlier = make_spec("u-1", CHECK_TTL), now = make_spec("u-1", CHECK_NONE);
    cr_expect_eq(TRY(registry_register(consul, &earlier, soon(), &err)), 0, "%s", err.text);
    instance_list_unref(fetch_until(INSTANCE_CRITICAL));
    cr_expect_eq(TRY(registry_register(consul, &now, soon(), &err)), 0, "%s", err.text);
    instance_list_unref(fetch_until(INSTANCE_PASSING));
}

/* Otherwise the instance stays critical, because it sends no heartbeats any more, and Consul reaps it. */
Test(consul, registering_replaces_the_earlier_check)
{
    run_with_consul(replace_check);
}

/* As a process that has just started. */
static void renew_client(void)
{
    struct consul_config config = config_of(server.url);
    registry_free(consul);
    consul = TRY(consul_new(&config, http, &err));
    cr_expect(consul, "%s", err.text);
}

/* A process with a check that fails, then one with a TTL check under the same id. */
static void pass_with_another_kind(enum check_kind earlier_kind, const char *what)
{
    struct registration_spec earlier = make_spec("u-1", earlier_kind), now = make_spec("u-1", CHECK_TTL);
    earlier.port = earlier.grpc_port = 1; /* no process listens there */
    now.check_interval_ms = 20000;
    cr_expect_eq(TRY(registry_register(consul, &earlier, soon(), &err)), 0, "%s", err.text);
    instance_list_unref(fetch_until(INSTANCE_CRITICAL));
    cr_expect_eq(TRY(registry_register(consul, &now, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(TRY(registry_heartbeat(consul, &now, true, "", soon(), &err)), 0, "%s", err.text);
    instance_list_unref(fetch_until(INSTANCE_PASSING));
    struct registry_cursor cursor = {0};
    instance_list_unref(fetch(&cursor, 0));
    struct instance_list *changed = fetch(&cursor, 3000); /* the former check ran every second */
    cr_expect(!changed || changed->at[0].status == INSTANCE_PASSING, "%s still runs", what);
    instance_list_unref(changed);
    cr_expect_eq(TRY(registry_deregister(consul, &now, soon(), &err)), 0, "%s", err.text);
}

static void replace_kinds(void)
{
    pass_with_another_kind(CHECK_HTTP, "the HTTP check");
    pass_with_another_kind(CHECK_TCP, "the TCP check");
    pass_with_another_kind(CHECK_GRPC, "the gRPC check");
}

/* Consul itself leaves it running beside the new one, even with replace-existing-checks=true. */
Test(consul, former_check_of_another_kind_ends)
{
    run_with_consul(replace_kinds);
}

static void expect_maintenance(const char *when)
{
    struct registry_cursor cursor = {0};
    struct instance_list *list = fetch(&cursor, 0);
    cr_expect(list && list->count == 1 && list->at[0].maintenance, "%s", when);
    instance_list_unref(list);
}

/* The agent's checks of our entry, "" for none. */
static const char *check_ids(void)
{
    static char text[512];
    json_t *checks = NULL;
    struct consul_config config = config_of(server.url);
    struct consul_http agent;
    cr_assert_eq(TRY(consul_http_open(&agent, &config, http, &err)), 0);
    cr_assert_eq(TRY(consul_checks_read(&agent, "u-1", soon(), &checks, &err)), 0, "%s", err.text);
    text[0] = '\0';
    const char *id;
    json_t *check;
    json_object_foreach(checks, id, check)
        sprintf(text + strlen(text), "%s%s=%s", *text ? " " : "", id,
                json_string_value(json_object_get(check, "Type")));
    json_decref(checks);
    return text;
}

/* Registers with each kind of check, as one process after another, while an operator's maintenance is on. */
static void keep_maintenance(void)
{
    static const enum check_kind kinds[] = {CHECK_HTTP, CHECK_HTTP, CHECK_TTL, CHECK_TCP, CHECK_NONE, CHECK_GRPC};
    struct registration_spec spec = make_spec("u-1", CHECK_NONE);
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    put("/v1/agent/service/maintenance/u-1?enable=true&reason=disk");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        renew_client();
        spec = make_spec("u-1", kinds[i]);
        cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
        expect_maintenance("after a registration");
        cr_expect_eq(strstr(check_ids(), "service:u-1") != NULL, kinds[i] != CHECK_NONE, "%s", check_ids());
    }
    put("/v1/agent/service/maintenance/u-1?enable=false");
    cr_expect_str_eq(check_ids(), "service:u-1=grpc", "no former check is left");
}

Test(consul, maintenance_outlives_registrations)
{
    run_with_consul(keep_maintenance);
}

static void end_former_checks(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_TTL);
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    put_body("/v1/agent/check/register", "{\"ID\":\"service:u-1:2\",\"Name\":\"b\",\"ServiceID\":\"u-1\",\"TTL\":\"1m\"}");
    put("/v1/agent/service/maintenance/u-1?enable=true");
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_null(strstr(check_ids(), "service:u-1:2"), "%s", check_ids());
    expect_maintenance("after a registration");
}

Test(consul, former_checks_end_in_maintenance_too)
{
    run_with_consul(end_former_checks);
}

static bool is_known(const struct registration_spec *spec)
{
    bool known = false;
    cr_expect_eq(TRY(registry_is_registered(consul, spec, soon(), &known, &err)), 0, "%s", err.text);
    return known;
}

/* A registration under our id by another process: `member` overrides ours. */
static void register_otherwise(const char *members)
{
    char body[512];
    snprintf(body, sizeof body, "{\"ID\":\"u-1\",\"Name\":\"user-service\",\"Address\":\"127.0.0.1\",%s}", members);
    put_body("/v1/agent/service/register", body);
}

static void register_what_was_lost(const struct registration_spec *spec, const char *difference)
{
    cr_expect_not(is_known(spec), "%s", difference);
    cr_expect_str_eq(consul->difference, difference);
    cr_expect_eq(TRY(registry_register(consul, spec, soon(), &err)), 0, "%s", err.text);
    cr_expect(is_known(spec), "registered again: %s", consul->difference);
    cr_expect_str_eq(consul->difference, "");
}

#define COMMON "\"Port\":8001,\"Tags\":[\"v1\",\"c\"],\"Meta\":{\"version\":\"1.0\",\"zone\":\"a\"},\"Weights\":{\"Passing\":3,\"Warning\":1}"

static void change_entry(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_TTL);
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect(is_known(&spec), "%s", consul->difference);
    register_otherwise("\"Port\":9,\"Check\":{\"TCP\":\"127.0.0.1:9\",\"Interval\":\"1s\"}");
    register_what_was_lost(&spec, "Port is 9, not 8001");
    register_otherwise(COMMON ",\"Check\":{\"TCP\":\"127.0.0.1:9\",\"Interval\":\"1s\"}");
    register_what_was_lost(&spec, "its check is tcp, not ttl 3s, reaped after 60s");
    cr_expect_str_eq(check_ids(), "service:u-1=ttl");
    register_otherwise(COMMON ",\"Check\":{\"CheckID\":\"service:u-1\",\"TTL\":\"1h\"}");
    register_what_was_lost(&spec, "its check is ttl, not ttl 3s, reaped after 60s");
    register_otherwise(COMMON ",\"Checks\":[{\"TTL\":\"1h\"},{\"TTL\":\"2h\"}]");
    cr_expect_not(is_known(&spec));
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_str_eq(check_ids(), "service:u-1=ttl");
    put("/v1/agent/check/deregister/service:u-1");
    register_what_was_lost(&spec, "its check is gone");
}

Test(consul, entry_of_another_registration_is_not_ours)
{
    run_with_consul(change_entry);
}

static void keep_entry(void)
{
    static const enum check_kind kinds[] = {CHECK_HTTP, CHECK_TCP, CHECK_TTL, CHECK_GRPC, CHECK_NONE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct registration_spec spec = make_spec("u-1", kinds[i]);
        spec.grpc_port = 9001;
        cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
        cr_expect(is_known(&spec), "kind %d: %s", (int)kinds[i], consul->difference);
    }
    struct registration_spec spec = make_spec("u 1/ü?", CHECK_TTL);
    spec.tags = "";
    spec.version = spec.zone = "";
    spec.weight = 65535;
    spec.address = "::1";
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    put("/v1/agent/service/maintenance/u%201%2F%C3%BC%3F?enable=true");
    cr_expect(is_known(&spec), "%s", consul->difference);
    renew_client();
    cr_expect(is_known(&spec), "before its first registration a process accepts any entry");
}

Test(consul, unchanged_entry_is_ours_with_each_check)
{
    run_with_consul(keep_entry);
}

static void replace_killed_instance(void)
{
    struct registration_spec killed = make_spec("u 1/ü?", CHECK_NONE), other_port = make_spec("u-2", CHECK_NONE),
                             other_service = make_spec("u-3", CHECK_NONE), now = make_spec("u-4", CHECK_NONE);
    other_port.port = 8002;
    other_service.service = "user-service-2";
    cr_expect_eq(TRY(registry_register(consul, &killed, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(TRY(registry_register(consul, &other_port, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(TRY(registry_register(consul, &other_service, soon(), &err)), 0, "%s", err.text);
    renew_client();
    cr_expect_eq(TRY(registry_register(consul, &now, soon(), &err)), 0, "%s", err.text);
    cr_expect_not(is_known(&killed));
    cr_expect(is_known(&other_port) && is_known(&other_service) && is_known(&now));

    /* Two instances that do share an address must not keep deregistering each other. */
    cr_expect_eq(TRY(registry_register(consul, &killed, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(TRY(registry_register(consul, &now, soon(), &err)), 0, "%s", err.text);
    cr_expect(is_known(&killed) && is_known(&now));
}

Test(consul, restarted_instance_replaces_entry_at_its_address)
{
    run_with_consul(replace_killed_instance);
}

static void fail_from_outside(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_HTTP);
    char output[200] = "";
    bool failing = false;
    spec.port = 1; /* no process listens there */
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    int64_t limit = deadline_in(30000);
    while (!failing && deadline_left(limit) > 0) {
        fiber_sleep(100);
        cr_expect_eq(TRY(registry_check_output(consul, &spec, soon(), &failing, output, sizeof output, &err)), 0, "%s",
                     err.text);
    }
    cr_expect(strstr(output, "/health") && strstr(output, "connection refused"), "%s", output);

    spec.id = "u-9";
    cr_expect_eq(TRY(registry_check_output(consul, &spec, soon(), &failing, output, sizeof output, &err)), 0);
    cr_expect_not(failing, "the agent does not know it");
}

static void stop_heartbeats(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_TTL); /* of 3 s */
    char output[200] = "";
    bool failing = false;
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(TRY(registry_heartbeat(consul, &spec, true, "", soon(), &err)), 0, "%s", err.text);
    int64_t limit = deadline_in(30000);
    while (!strstr(output, "TTL expired") && deadline_left(limit) > 0) {
        fiber_sleep(100);
        registry_check_output(consul, &spec, soon(), &failing, output, sizeof output, &err);
    }
    cr_expect(failing && strstr(output, "TTL expired"), "%s", output);
    instance_list_unref(fetch_until(INSTANCE_CRITICAL));
}

Test(consul, instance_without_heartbeats_turns_critical)
{
    run_with_consul(stop_heartbeats);
}

Test(consul, output_shows_why_the_agents_check_fails)
{
    run_with_consul(fail_from_outside);
}

static void set_maintenance(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_NONE);
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    put("/v1/agent/service/maintenance/u-1?enable=true");
    struct instance_list *list = fetch_until(INSTANCE_PASSING);
    cr_expect(list && list->at[0].maintenance);
    instance_list_unref(list);
}

Test(consul, maintenance_is_separate_from_health)
{
    run_with_consul(set_maintenance);
}

static int64_t woken_at;

static void watch(void *arg)
{
    struct registry_cursor *cursor = arg;
    size_t count = 1;
    /* Changes of the agent itself wake the fetch too. */
    for (int64_t limit = deadline_in(20000); count == 1 && deadline_left(limit) > 0;) {
        struct instance_list *list = fetch(cursor, 10000);
        count = list ? list->count : err.code == ERR_NONE ? count : 0;
        instance_list_unref(list);
    }
    woken_at = clock_ms();
    cr_expect_eq(count, 2, "%zu: %s", count, err.text);
}

/* Just after its start an agent changes its node and the node's health, which changes the index of every
 * service on it. So this waits for the first fetch without a change. */
static void fetch_until_unchanged(struct registry_cursor *cursor)
{
    uint64_t before;
    int64_t began, limit = deadline_in(20000);
    struct instance_list *changed;
    do {
        before = cursor->index;
        began = clock_ms();
        instance_list_unref(changed = fetch(cursor, 100));
    } while (changed && deadline_left(limit) > 0);
    cr_expect_geq(clock_ms() - began, 100, "without a change it waits");
    cr_expect_eq(cursor->index, before, "%s", err.text);
}

static void block_until_change(void)
{
    struct registration_spec one = make_spec("u-1", CHECK_NONE), two = make_spec("u-2", CHECK_NONE);
    struct registry_cursor cursor = {0};
    cr_expect_eq(TRY(registry_register(consul, &one, soon(), &err)), 0, "%s", err.text);
    instance_list_unref(fetch_until(INSTANCE_PASSING));
    instance_list_unref(fetch(&cursor, 0));
    cr_expect_gt(cursor.index, 0);
    fetch_until_unchanged(&cursor);
    uint64_t before = cursor.index;

    cr_expect_eq(fiber_start(watch, &cursor), 0);
    fiber_sleep(200); /* by now the query has most likely reached Consul */
    cr_expect_eq(TRY(registry_register(consul, &two, soon(), &err)), 0, "%s", err.text);
    int64_t limit = deadline_in(25000);
    while (!woken_at && deadline_left(limit) > 0)
        fiber_sleep(10);
    cr_expect(woken_at, "the watch was not woken");
    cr_expect_gt(cursor.index, before);
}

Test(consul, fetch_returns_as_soon_as_the_list_changes)
{
    run_with_consul(block_until_change);
}

static void restart_agent(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_NONE);
    struct registry_cursor cursor = {0};
    struct err ignored = ERR_INIT;
    bool known;
    cr_expect_eq(TRY(registry_register(consul, &spec, soon(), &err)), 0, "%s", err.text);
    instance_list_unref(fetch(&cursor, 0));

    server_kill(&server);
    cr_expect_null(fetch(&cursor, 1000));
    cr_expect_eq(err.code, ERR_UNREACHABLE, "%s", err.text);
    cr_expect_eq(cursor.index, 0, "the next fetch does not wait");
    cr_expect_eq(TRY(registry_is_registered(consul, &spec, soon(), &known, &err)), -1);

    cr_expect_eq(server_start(&server, &ignored), 0, "%s", ignored.text);
    cr_expect_eq(TRY(registry_is_registered(consul, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect_not(known, "a dev agent keeps nothing");
    struct instance_list *list = fetch(&cursor, 1000);
    cr_expect(list && list->count == 0, "%s", err.text);
    instance_list_unref(list);
}

Test(consul, restarted_agent_has_forgotten_every_registration)
{
    run_with_consul(restart_agent);
}

static void call_hung_agent(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_NONE);
    server_pause(&server);
    int64_t began = clock_ms();
    cr_expect_eq(TRY(registry_register(consul, &spec, deadline_in(300), &err)), -1);
    cr_expect_eq(err.code, ERR_TIMEOUT, "%s", err.text);
    cr_expect_lt(clock_ms() - began, 15000);
    server_resume(&server);
}

Test(consul, call_to_a_hung_agent_ends_at_its_deadline)
{
    run_with_consul(call_hung_agent);
}

/* --- A fake Consul whose replies are wrong -------------------------------------------------------- */

#define GOOD "{\"Service\":{\"ID\":\"u-1\",\"Address\":\"10.0.0.1\",\"Port\":80}}"

static struct fake {
    int status;
    const char *index, *leader, *backend, *body;
    const char *elected; /* the reply to /v1/status/leader; NULL: 500 */
    char query[100];
    char token[100];
    const char *accepted_token;
    int requests;
} fake;

static void reply_to_call(struct http_request *req, void *arg)
{
    (void)arg;
    struct http_text index = http_query(req, "index"), wait = http_query(req, "wait");
    const char *token = http_header(req, "X-Consul-Token");
    fake.requests++;
    snprintf(fake.query, sizeof fake.query, "%s %s", index.text ? index.text : "-", wait.text ? wait.text : "-");
    snprintf(fake.token, sizeof fake.token, "%s", token ? token : "");
    if (fake.index)
        http_add_header(req, "X-Consul-Index", fake.index);
    if (fake.leader)
        http_add_header(req, "X-Consul-KnownLeader", fake.leader);
    if (fake.backend)
        http_add_header(req, "X-Consul-Query-Backend", fake.backend);
    bool allowed = !fake.accepted_token || strcmp(fake.token, fake.accepted_token) == 0;
    const char *body = allowed ? fake.body : "Permission denied";
    http_reply(req, allowed ? fake.status : 403, "application/json", body, strlen(body));
}

static void reply_huge(struct http_request *req, void *arg)
{
    (void)arg;
    size_t len = 32 * 1024 * 1024 + 1;
    char *body = malloc(len);
    memset(body, ' ', len);
    http_reply_take(req, 200, "application/json", body, len);
}

enum { HELD_MS = 500 };

/* As servers without a leader, which hold a query. */
static void reply_late(struct http_request *req, void *arg)
{
    fiber_sleep(HELD_MS);
    reply_to_call(req, arg);
}

static void reply_leader(struct http_request *req, void *arg)
{
    (void)arg;
    const char *body = fake.elected ? fake.elected : "No known Consul servers";
    http_reply(req, fake.elected ? 200 : 500, "application/json", body, strlen(body));
}

static const struct http_route routes[] = {
    {"GET", "/v1/status/leader", reply_leader, 0},
    {"GET", "/v1/health/service/late", reply_late, 0},
    {"GET", "/v1/health/service/huge", reply_huge, 0},
    {"GET", "/v1/health/service/{name}", reply_to_call, 0},
    {"PUT", "/v1/agent/check/pass/{id}", reply_to_call, 0},
    {"PUT", "/v1/agent/service/deregister/{id}", reply_to_call, 0},
    {"GET", "/v1/agent/service/{id}", reply_to_call, 0},
};

static struct consul_config fake_config;
static void (*fake_body)(void);

static void with_fake(void *arg)
{
    (void)arg;
    struct http_server_config config = {.address = "127.0.0.1", .port = 0, .served_by = "fake", .routes = routes,
                                        .route_count = sizeof routes / sizeof *routes, .max_requests = 10};
    struct http_server *http_server = TRY(http_server_new(&config, &err));
    cr_expect(http_server, "%s", err.text);
    char address[40];
    snprintf(address, sizeof address, "127.0.0.1:%d", http_server_port(http_server));
    fake_config.address = address;
    http = http_client_new(16);
    consul = TRY(consul_new(&fake_config, http, &err));
    cr_expect(consul, "%s", err.text);
    if (consul)
        fake_body();
    registry_free(consul);
    http_client_free(http);
    http_server_close(http_server, deadline_in(1000));
}

static void run_with_fake(void (*story)(void))
{
    fake = (struct fake){.status = 200, .body = "[" GOOD "]", .index = "7"};
    if (!fake_config.token)
        fake_config = config_of("");
    fake_body = story;
    loop_open();
    loop_run(with_fake, NULL);
    cr_expect_eq(loop_close(), 0);
}

static void expect_failure(const char *text)
{
    struct registry_cursor cursor = {.index = 5};
    cr_expect_null(fetch(&cursor, 1000));
    cr_expect(strstr(err.text, text), "%s", err.text);
    cr_expect_eq(cursor.index, 0);
}

static void reply_with_errors(void)
{
    fake.status = 500;
    fake.body = "No cluster leader\nand more";
    expect_failure("consul: HTTP 500: No cluster leader");
    cr_expect_null(strstr(err.text, "and more"));
    fake.status = 429;
    fake.body = "";
    expect_failure("consul: HTTP 429: ");
    fake.status = 200;
    fake.body = "[" GOOD;
    expect_failure("consul: ");
    fake.body = "[" GOOD "]";
    fake.leader = "false";
    expect_failure("no leader");
}

Test(consul_wrong, fetch_after_an_error_does_not_wait)
{
    run_with_fake(reply_with_errors);
}

static void reply_too_much(void)
{
    struct registry_cursor cursor = {.index = 5};
    struct instance_list *list;
    cr_expect_eq(TRY(registry_fetch(consul, "huge", &cursor, 0, deadline_in(20000), &list, &err)), -1);
    cr_expect_eq(err.code, ERR_TOO_LARGE, "%s", err.text);
    cr_expect_null(list);
}

Test(consul_wrong, list_over_32_mb_is_an_error)
{
    run_with_fake(reply_too_much);
}

static void expect_late(const char *elected, const char *text)
{
    struct registry_cursor cursor = {0};
    struct instance_list *list;
    fake.elected = elected;
    cr_expect_eq(TRY(registry_fetch(consul, "late", &cursor, 0, deadline_in(HELD_MS / 5), &list, &err)), -1);
    cr_expect_eq(err.code, ERR_TIMEOUT);
    cr_expect(strstr(err.text, text), "%s", err.text);
    fiber_sleep(HELD_MS);
}

static void reply_without_leader(void)
{
    expect_late("\"\"", "no leader");
    cr_expect_eq(consul->leader, LEADER_NONE);
    expect_late("\"127.0.0.1:8300\"", "no whole reply in time");
}

Test(consul_wrong, timeout_without_a_leader_reports_no_leader)
{
    run_with_fake(reply_without_leader);
}

/* As an agent since 1.10 replies to a blocking query, unless streaming is switched off. */
static void reply_from_stream(void)
{
    struct registry_cursor cursor = {.index = 5};
    fake.leader = "false";
    fake.backend = "streaming";
    fake.elected = "\"127.0.0.1:8300\"";
    struct instance_list *list = fetch(&cursor, 1000);
    cr_expect(list && list->count == 1, "%s", err.text);
    cr_expect_eq(consul->leader, LEADER_KNOWN);
    cr_expect_eq(cursor.index, 7);
    instance_list_unref(list);

    static const char *const no_leader[] = {"\"\"", NULL};
    for (size_t i = 0; i < sizeof no_leader / sizeof *no_leader; i++) {
        fake.elected = no_leader[i];
        expect_failure("no leader");
        cr_expect_eq(consul->leader, LEADER_NONE);
    }

    fake.elected = "\"127.0.0.1:8300\"";
    fake.backend = "blocking-query";
    expect_failure("no leader");
}

Test(consul_wrong, leader_of_a_streamed_list_is_queried_separately)
{
    run_with_fake(reply_from_stream);
}

static void reply_before_stream(void)
{
    fake.leader = "false";
    fake.backend = "streaming";
    fake.elected = "\"127.0.0.1:8300\"";
    fake.index = "1"; /* Consul never sends 0 */
    fake.body = "[]";
    expect_failure("no list of the service yet");
}

Test(consul_wrong, empty_list_before_the_stream_began_is_an_error)
{
    run_with_fake(reply_before_stream);
}

static void reply_the_same(void)
{
    struct registry_cursor cursor = {0};
    struct instance_list *list = fetch(&cursor, 1000);
    cr_expect(list && list->count == 1, "%s", err.text);
    instance_list_unref(list);

    /* The body need not be JSON: only its brackets and quotes are checked. */
    static const char *const wholes[] = {"[" GOOD "]", "[]", "[{this is \"not]\" parsed}]"};
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
        fake.body = wholes[i];
        cr_expect_null(fetch(&cursor, 1000));
        cr_expect_eq(err.code, ERR_NONE, "%s", err.text);
        cr_expect_eq(cursor.index, 7);
        cr_expect_str_eq(fake.query, "7 1000ms");
    }
}

Test(consul_wrong, list_with_the_same_index_is_not_parsed_again)
{
    run_with_fake(reply_the_same);
}

static void reply_with_index_0(void)
{
    static const char *const indexes[] = {"0", "1", "0"};
    struct registry_cursor cursor = {0};
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++) {
        fake.index = indexes[i];
        fake.body = i % 2 == 0 ? "[" GOOD "]" : "[]";
        struct instance_list *list = fetch(&cursor, 1000);
        cr_expect(list && list->count == (i % 2 == 0), "%s", err.text);
        cr_expect_eq(cursor.index, 1);
        instance_list_unref(list);
    }
}

Test(consul_wrong, index_that_stays_at_0_does_not_freeze_the_list)
{
    run_with_fake(reply_with_index_0);
}

static void reply_the_same_badly(void)
{
    static const struct {
        const char *body, *leader, *text;
        int status;
    } table[] = {
        {"[" GOOD, NULL, "not a whole JSON array", 200},
        {"[" GOOD "]", "false", "no leader", 200},
        {"[" GOOD "]", NULL, "HTTP 500", 500},
        {"", NULL, "not a whole JSON array", 200},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct registry_cursor cursor = {.index = 7};
        fake.body = table[i].body;
        fake.leader = table[i].leader;
        fake.status = table[i].status;
        cr_expect_null(fetch(&cursor, 1000));
        cr_expect(strstr(err.text, table[i].text), "%s", err.text);
        cr_expect_eq(cursor.index, 0);
    }
}

Test(consul_wrong, bad_reply_with_the_same_index_is_an_error)
{
    run_with_fake(reply_the_same_badly);
}

static void expect_index(struct registry_cursor *cursor, const char *header, uint64_t index)
{
    fake.index = header;
    struct instance_list *list = fetch(cursor, 1000);
    cr_expect(list, "%s", err.text);
    instance_list_unref(list);
    cr_expect_eq(cursor->index, index, "%s", header ? header : "no header");
}

static void reply_with_indexes(void)
{
    struct registry_cursor cursor = {0};
    expect_index(&cursor, "7", 7);
    cr_expect_str_eq(fake.query, "- -");
    expect_index(&cursor, "9", 9);
    cr_expect_str_eq(fake.query, "7 1000ms");
    expect_index(&cursor, "3", 0); /* Consul's state was restored */
    expect_index(&cursor, "3", 3);
    cr_expect_str_eq(fake.query, "- -");
    expect_index(&cursor, "x", 0);
    expect_index(&cursor, NULL, 0);
    expect_index(&cursor, "0", 1);
}

Test(consul_wrong, lower_or_invalid_index_starts_from_0)
{
    run_with_fake(reply_with_indexes);
}

static void reply_like_newer_versions(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_TTL);
    bool known;
    fake.status = 404;
    fake.body = "Unknown check ID \"service:u-1\". Ensure that the check ID is passed, not the check name.";
    cr_expect_eq(TRY(registry_heartbeat(consul, &spec, true, "", soon(), &err)), -1);
    cr_expect_eq(err.code, ERR_NOT_FOUND, "%s", err.text);
    fake.body = "Unknown service ID \"u-1\". Ensure that the service ID is passed, not the service name.";
    cr_expect_eq(TRY(registry_deregister(consul, &spec, soon(), &err)), 0, "%s", err.text);
    fake.status = 500;
    cr_expect_eq(TRY(registry_deregister(consul, &spec, soon(), &err)), 0, "%s", err.text);
    fake.body = "the disk is full";
    cr_expect_eq(TRY(registry_deregister(consul, &spec, soon(), &err)), -1);
    cr_expect_eq(TRY(registry_heartbeat(consul, &spec, true, "", soon(), &err)), -1);
    cr_expect_eq(err.code, ERR_FAILED, "%s", err.text);
    cr_expect_eq(TRY(registry_is_registered(consul, &spec, soon(), &known, &err)), -1, "an error does not mean: not registered");
}

/* Otherwise an instance that the agent has forgotten cannot deregister, and its heartbeats go on for ever. */
Test(consul_wrong, unknown_id_is_recognized_in_every_version)
{
    run_with_fake(reply_like_newer_versions);
}

/* --- Tokens ------------------------------------------------------------------------------------------ */

static void use_token(void)
{
    struct registry_cursor cursor = {0};
    instance_list_unref(fetch(&cursor, 0));
    cr_expect_str_eq(fake.token, "s3cret");
    fake.accepted_token = "another";
    expect_failure("HTTP 403");
    cr_expect_null(strstr(err.text, "s3cret"));
}

Test(consul_wrong, token_is_sent_and_never_shown)
{
    fake_config = config_of("");
    fake_config.token = "s3cret";
    run_with_fake(use_token);
}

static char token_path[] = "/tmp/consul-token-XXXXXX";

static void write_token(const char *text)
{
    FILE *file = fopen(token_path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static void change_token(void)
{
    struct registry_cursor cursor = {0};
    fake.accepted_token = "second";
    expect_failure("HTTP 403");
    cr_expect_eq(fake.requests, 1, "the file has not changed, so there is no second request");
    write_token("second\n");
    struct instance_list *list = fetch(&cursor, 0);
    cr_expect(list, "%s", err.text);
    cr_expect_eq(fake.requests, 3);
    instance_list_unref(list);
    unlink(token_path);
    fake.accepted_token = "third";
    expect_failure("HTTP 403");
}

Test(consul_wrong, token_file_is_read_again_after_403)
{
    int fd = mkstemp(token_path);
    cr_assert_geq(fd, 0);
    close(fd);
    write_token("first\n");
    fake_config = config_of("");
    fake_config.token = "ignored";
    fake_config.token_file = token_path;
    run_with_fake(change_token);
}

Test(consul_wrong, bad_token_or_missing_token_file_is_rejected)
{
    struct consul_config config = config_of("127.0.0.1:8500");
    config.token = "a\r\nX-Evil: 1";
    cr_expect_null(TRY(consul_new(&config, NULL, &err)));
    cr_expect_null(strstr(err.text, "Evil"), "%s", err.text);
    config.token = "";
    config.token_file = "/nonexistent/token";
    cr_expect_null(TRY(consul_new(&config, NULL, &err)));
    cr_expect_str_eq(err.text, "CONSUL_HTTP_TOKEN_FILE=***: want a file that holds one word of at most 512 bytes; "
                               "cannot read it: No such file or directory");
}

Test(consul_wrong, certificate_and_key_are_only_accepted_together)
{
    struct consul_config config = config_of("127.0.0.1:8500");
    config.client_cert = "cert.pem";
    cr_expect_null(TRY(consul_new(&config, NULL, &err)));
    cr_expect_eq(strncmp(err.text, "CONSUL_CLIENT_KEY=: want ", 25), 0, "%s", err.text);
    config.client_cert = "";
    config.client_key = "key.pem";
    cr_expect_null(TRY(consul_new(&config, NULL, &err)));
    cr_expect_eq(strncmp(err.text, "CONSUL_CLIENT_CERT=: want ", 26), 0, "%s", err.text);
}

/* --- Addresses ---------------------------------------------------------------------------------------- */

Test(consul_wrong, address_is_a_url_or_host_and_port)
{
    static const char *const good[] = {"http://127.0.0.1:8500", "https://consul.example:8501", "127.0.0.1:8500",
                                       "localhost", "consul", "[::1]:8500", "http://[::1]:8500/"};
    static const char *const bad[] = {"", "unix:///run/consul.sock", "ftp://a:1", "http://", "http://a:0", "a:99999",
                                      "http://u:p@a:1", "http://a:1/prefix", "a b", "::1", "http://a:1?x=1"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect_eq(consul_check_address(good[i]), 0, "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(consul_check_address(bad[i]), -1, "%s", bad[i]);
}

static void expect_reached(const char *address, bool ssl, const char *host, uint16_t port, bool is_https)
{
    struct consul_config config = config_of(address);
    struct consul_http reached;
    config.ssl = ssl;
    cr_expect_eq(TRY(consul_http_open(&reached, &config, NULL, &err)), 0, "%s", err.text);
    cr_expect_str_eq(reached.url.host, host);
    cr_expect_eq(reached.url.port, port, "%s: %d", address, reached.url.port);
    cr_expect_eq(reached.is_https, is_https, "%s", address);
}

Test(consul_wrong, address_is_read_as_consuls_own_tools_do)
{
    expect_reached("consul", false, "consul", 8500, false);
    expect_reached("http://consul", false, "consul", 80, false);
    expect_reached("[::1]:8501", true, "::1", 8501, true);
    expect_reached("https://consul:8501", false, "consul", 8501, true);
    expect_reached("http://127.0.0.1:8500", true, "127.0.0.1", 8500, true);
}
