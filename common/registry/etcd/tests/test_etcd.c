/* etcd.c and etcd_fetch.c against a real etcd: running, killed, hung, restarted, compacted, with a password. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "harness/http_probe.h"
#include "harness/server.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/sync.h"
#include "net/http_client.h"
#include "registry/base64.h"
#include "registry/etcd/etcd.h"

static void cleanup(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(etcd, .fini = cleanup, .timeout = 300);

static struct folder folder;
static struct server server;
static struct http_client *http;
static struct registry *etcd;
static struct err err;              /* of the last call */
static const char *endpoints;       /* NULL: the server's own */

static struct registration_spec make_spec(const char *id, enum check_kind check)
{
    return (struct registration_spec){.service = "user-service", .id = id, .address = "", .port = 8001, .tags = "v1,c",
                                      .version = "1.0", .zone = "a", .weight = 3, .check = check,
                                      .check_interval_ms = 20000, .check_timeout_ms = 1000, .deregister_after_ms = 60000};
}

static int64_t soon(void)
{
    return deadline_in(20000);
}

/* Clears err before the call; afterwards err holds what went wrong. */
#define TRY(call) (err_clear(&err), (call))

static void with_http(void *arg)
{
    http = http_client_new(16);
    etcd = TRY(etcd_new(endpoints ? endpoints : server.url, http, &err));
    cr_expect(etcd, "%s", err.text);
    ((void (*)(void))arg)();
    registry_free(etcd);
    http_client_free(http);
}

static void start_etcd(void)
{
    struct err start = ERR_INIT;
    cr_assert_eq(folder_take(&folder, &start), 0, "%s", start.text);
    cr_assert_eq(server_init(&server, SERVER_ETCD, &folder, &start), 0, "%s", start.text);
    cr_assert_eq(server_start(&server, &start), 0, "%s", start.text);
}

static void run_with_etcd(void (*story)(void))
{
    if (!server.port.number)
        start_etcd();
    loop_open();
    loop_run(with_http, (void *)story);
    cr_expect_eq(loop_close(), 0);
    server_close(&server);
    folder_remove(&folder);
}

/* An operator's request. Returns the reply's status; its body is in reply_text. */
static char reply_text[4096];

static int post(const char *path, const char *token, const char *body)
{
    char header[200];
    struct http_response response = HTTP_RESPONSE_INIT;
    const char *headers[] = {token ? header : NULL, NULL};
    snprintf(header, sizeof header, "Authorization: %s", token ? token : "");
    struct http_call call = {.method = "POST", .host = "127.0.0.1", .port = (uint16_t)server.port.number, .path = path,
                             .headers = headers, .body = body, .body_len = strlen(body), .deadline = soon(),
                             .body_cap = sizeof reply_text - 1};
    cr_expect_eq(TRY(http_call(http, &call, &response, &err)), 0, "%s", err.text);
    snprintf(reply_text, sizeof reply_text, "%s", buf_text(&response.body));
    int status = response.status;
    http_response_close(&response);
    return status;
}

static int put(const char *key, const char *value)
{
    struct buf body = BUF_INIT(4096);
    buf_adds(&body, "{\"key\":\"");
    base64_encode(&body, key, strlen(key));
    buf_adds(&body, "\",\"value\":\"");
    base64_encode(&body, value, strlen(value));
    buf_adds(&body, "\"}");
    int status = post("/v3/kv/put", NULL, buf_text(&body));
    buf_close(&body);
    return status;
}

/* NULL with err.code ERR_NONE: the list is unchanged. */
static struct instance_list *fetch(struct registry_cursor *cursor, int64_t wait_ms)
{
    struct instance_list *list;
    int rc = TRY(registry_fetch(etcd, "user-service", cursor, wait_ms, deadline_in(wait_ms * 17 / 16 + 10000), &list,
                                &err));
    cr_expect_eq(rc, err.code == ERR_NONE ? 0 : -1);
    cr_expect(rc == 0 || !list);
    return list;
}

/* The number of listed instances; -1: the fetch failed. */
static int count_now(void)
{
    struct registry_cursor cursor = {0};
    struct instance_list *list = fetch(&cursor, 0);
    int count = list ? (int)list->count : -1;
    instance_list_unref(list);
    return count;
}

static void expect_status(enum instance_status status)
{
    struct registry_cursor cursor = {0};
    struct instance_list *list = fetch(&cursor, 0);
    cr_expect(list && list->count == 1 && list->at[0].status == status, "%s", err.text);
    instance_list_unref(list);
}

/* --- Registration ----------------------------------------------------------------------------- */

static void register_and_deregister(void)
{
    struct registration_spec spec = make_spec("u 1/ü?", CHECK_NONE);
    bool known = true;
    cr_expect_eq(TRY(registry_is_registered(etcd, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect_not(known);
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(TRY(registry_is_registered(etcd, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect(known);
    cr_expect_eq(TRY(registry_deregister(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(TRY(registry_is_registered(etcd, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect_not(known);
    cr_expect_eq(TRY(registry_deregister(etcd, &spec, soon(), &err)), 0, "deregistering again succeeds too: %s", err.text);
}

Test(etcd, any_id_can_be_registered_and_deregistered)
{
    run_with_etcd(register_and_deregister);
}

static void find_instance(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_NONE);
    struct registry_cursor cursor = {0};
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_str_eq(registry_address(etcd, &spec), "127.0.0.1");
    cr_expect_eq(put("/services/user-service2/u-9", "{\"address\":\"::1\",\"port\":1}"), 200, "another service");

    struct instance_list *list = fetch(&cursor, 0);
    const struct instance *found = list ? instance_list_find(list, "u-1") : NULL;
    cr_expect(found, "%s", err.text);
    if (found) {
        cr_expect_eq(list->count, 1);
        cr_expect_str_eq(found->address, "127.0.0.1", "the local address of the connection");
        cr_expect_eq(found->port, 8001);
        cr_expect_eq(found->weight, 3);
        cr_expect_str_eq(found->zone, "a");
        cr_expect_str_eq(found->version, "1.0");
        cr_expect_eq(found->status, INSTANCE_PASSING, "without a check a registered instance is passing");
    }
    cr_expect_gt(cursor.index, 0);
    instance_list_unref(list);
}

Test(etcd, instance_is_found_at_its_local_address)
{
    run_with_etcd(find_instance);
}

static void expect_heartbeat(bool healthy, enum instance_status status)
{
    struct registration_spec spec = make_spec("u-1", CHECK_HTTP);
    cr_expect_eq(TRY(registry_heartbeat(etcd, &spec, healthy, "", soon(), &err)), 0, "%s", err.text);
    expect_status(status);
}

static void follow_heartbeats(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_HTTP);
    cr_expect_eq(TRY(registry_heartbeat(etcd, &spec, false, "", soon(), &err)), -1);
    cr_expect_eq(err.code, ERR_NOT_FOUND, "%s", err.text);
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    expect_status(INSTANCE_CRITICAL);
    expect_heartbeat(true, INSTANCE_PASSING);
    expect_heartbeat(false, INSTANCE_CRITICAL);
    expect_heartbeat(true, INSTANCE_PASSING);

    struct registry_cursor before = {0}, after = {0};
    instance_list_unref(fetch(&before, 0));
    expect_heartbeat(true, INSTANCE_PASSING);
    instance_list_unref(fetch(&after, 0));
    cr_expect_eq(before.index, after.index, "a heartbeat without a change wakes no watch");
}

Test(etcd, heartbeat_puts_the_health_only_when_it_changed)
{
    run_with_etcd(follow_heartbeats);
}

static void outlive_the_lease(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_NONE);
    spec.check_interval_ms = 2000; /* the lease is three times as long */
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    int64_t heartbeat_ms = 0, end = deadline_in(7500);
    while (deadline_left(end) > 0) {
        fiber_sleep(500);
        heartbeat_ms = clock_ms();
        cr_expect_eq(TRY(registry_heartbeat(etcd, &spec, true, "", soon(), &err)), 0, "%s", err.text);
    }
    cr_expect_eq(count_now(), 1, "kept alive");

    int64_t limit = deadline_in(30000);
    while (count_now() == 1 && deadline_left(limit) > 0)
        fiber_sleep(50);
    cr_expect_eq(count_now(), 0, "killed: no process keeps the lease alive");
    cr_expect_geq(clock_ms() - heartbeat_ms, 6000, "but not before the lease expires");
    cr_expect_eq(TRY(registry_heartbeat(etcd, &spec, true, "", soon(), &err)), -1);
    cr_expect_eq(err.code, ERR_NOT_FOUND, "forgotten, register again: %s", err.text);
}

Test(etcd, instance_disappears_when_its_lease_expires)
{
    run_with_etcd(outlive_the_lease);
}

static void restart_instance(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_NONE);
    bool known;
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    registry_free(etcd); /* killed, and restarted with the same id */
    etcd = TRY(etcd_new(server.url, http, &err));
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    registry_free(etcd);
    etcd = TRY(etcd_new(server.url, http, &err));
    cr_expect_eq(TRY(registry_deregister(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(count_now(), 0, "even if only an earlier process had registered");

    spec.address = "10.0.0.1";
    cr_expect_eq(put("/services/user-service/u-1", "{\"address\":\"10.0.0.1\",\"port\":8001}"), 200);
    cr_expect_eq(TRY(registry_is_registered(etcd, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect_not(known, "a key without our lease is not our registration");
    cr_expect_eq(TRY(registry_deregister(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(count_now(), 0, "but the key is ours");
}

Test(etcd, restarted_instance_takes_over_its_old_key)
{
    run_with_etcd(restart_instance);
}

static bool is_registered(const struct registration_spec *spec)
{
    bool known = false;
    cr_expect_eq(TRY(registry_is_registered(etcd, spec, soon(), &known, &err)), 0, "%s", err.text);
    return known;
}

/* As another process with our id does it, and as an operator does it by hand. */
static void change_key(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_HTTP), other = make_spec("u-1", CHECK_HTTP);
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect(is_registered(&spec));
    cr_expect_eq(TRY(registry_heartbeat(etcd, &spec, true, "", soon(), &err)), 0, "%s", err.text);
    cr_expect(is_registered(&spec), "the status of our own heartbeat: %s", etcd->difference);
    cr_expect_str_eq(etcd->difference, "");

    struct registry *second = TRY(etcd_new(server.url, http, &err));
    other.port = 9;
    cr_expect_eq(TRY(registry_register(second, &other, soon(), &err)), 0, "%s", err.text);
    registry_free(second);
    cr_expect_not(is_registered(&spec));
    cr_expect_str_eq(etcd->difference, "the key has another value");
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect(is_registered(&spec), "%s", etcd->difference);

    cr_expect_eq(put("/services/user-service/u-1", "{\"address\":\"10.0.0.1\",\"port\":8001}"), 200);
    cr_expect_not(is_registered(&spec));
    cr_expect_str_eq(etcd->difference, "the key is on another lease");
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect(is_registered(&spec), "%s", etcd->difference);
}

Test(etcd, key_with_another_value_is_not_our_registration)
{
    run_with_etcd(change_key);
}

/* --- Watching ------------------------------------------------------------------------------------ */

static int64_t woken_at;
static int woken_count;

static void watch(void *arg)
{
    struct registry_cursor *cursor = arg;
    struct instance_list *list = fetch(cursor, 30000);
    woken_at = clock_ms();
    woken_count = list ? (int)list->count : err.code == ERR_NONE ? 0 : -1;
    instance_list_unref(list);
}

/* `change` must wake the watch long before its wait is over. */
static void watch_while(struct registry_cursor *cursor, void (*change)(void))
{
    struct group group = {0};
    woken_at = 0;
    cr_expect_eq(group_go(&group, watch, cursor), 0);
    fiber_sleep(300); /* by now the watch has most likely reached etcd */
    cr_expect_eq(woken_at, 0, "nothing has changed yet");
    int64_t changed = clock_ms();
    change();
    group_join(&group);
    cr_expect_lt(woken_at - changed, 15000);
}

static void register_another(void)
{
    struct registration_spec spec = make_spec("u-2", CHECK_NONE);
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
}

static void deregister_another(void)
{
    struct registration_spec spec = make_spec("u-2", CHECK_NONE);
    cr_expect_eq(TRY(registry_deregister(etcd, &spec, soon(), &err)), 0, "%s", err.text);
}

static void block_until_change(void)
{
    struct registration_spec one = make_spec("u-1", CHECK_NONE);
    struct registry_cursor cursor = {0};
    cr_expect_eq(TRY(registry_register(etcd, &one, soon(), &err)), 0, "%s", err.text);
    instance_list_unref(fetch(&cursor, 0));

    uint64_t before = cursor.index;
    int64_t began = clock_ms();
    instance_list_unref(fetch(&cursor, 200));
    cr_expect_geq(clock_ms() - began, 200, "without a change it waits");
    cr_expect_eq(cursor.index, before);

    /* One instance replaces another: as many as before, but another list. */
    struct instance_list *list;
    register_another();
    cr_expect_eq(TRY(registry_deregister(etcd, &one, soon(), &err)), 0, "%s", err.text);
    cr_expect((list = fetch(&cursor, 0)) && list->count == 1, "%s", err.text);
    instance_list_unref(list);
    cr_expect_eq(TRY(registry_register(etcd, &one, soon(), &err)), 0, "%s", err.text);
    deregister_another();
    cr_expect((list = fetch(&cursor, 0)) && list->count == 1, "%s", err.text);
    instance_list_unref(list);
    cr_expect_null(fetch(&cursor, 0));
    cr_expect_eq(err.code, ERR_NONE, "%s", err.text);
    before = cursor.index;

    watch_while(&cursor, register_another);
    cr_expect_eq(woken_count, 2);
    cr_expect_gt(cursor.index, before);
    watch_while(&cursor, deregister_another);
    cr_expect_eq(woken_count, 1);
}

Test(etcd, fetch_returns_as_soon_as_the_list_changes)
{
    run_with_etcd(block_until_change);
}

static void compact(void)
{
    struct registry_cursor cursor = {0};
    char body[64];
    register_another();
    instance_list_unref(fetch(&cursor, 0));
    uint64_t known = cursor.index;
    for (int i = 0; i < 5; i++)
        cr_expect_eq(put("/elsewhere", "x"), 200);
    snprintf(body, sizeof body, "{\"revision\":\"%d\"}", (int)known + 5);
    cr_expect_eq(post("/v3/kv/compaction", NULL, body), 200, "%s", reply_text);

    int64_t began = clock_ms();
    cr_expect_null(fetch(&cursor, 30000));
    cr_expect_eq(err.code, ERR_NONE, "%s", err.text);
    cr_expect_lt(clock_ms() - began, 15000, "the watch cannot begin at this revision, so the list is checked at once");
    cr_expect_eq(cursor.index, known + 5, "other keys do not count as a change");

    cursor.index = 1000000;
    began = clock_ms();
    struct instance_list *list = fetch(&cursor, 30000);
    cr_expect(list && list->count == 1, "%s", err.text);
    instance_list_unref(list);
    cr_expect_lt(clock_ms() - began, 15000, "a restored etcd has a lower revision, and reaches this one late");
    cr_expect_eq(cursor.index, known + 5);
}

Test(etcd, fetch_from_an_unknown_revision_returns_at_once)
{
    run_with_etcd(compact);
}

static void list_many(void)
{
    char key[64], value[64];
    for (int i = 0; i < 450; i++) { /* three pages */
        snprintf(key, sizeof key, "/services/user-service/u-%03d", i);
        snprintf(value, sizeof value, "{\"address\":\"10.0.0.1\",\"port\":%d}", i + 1);
        if (put(key, value) != 200)
            break;
    }
    struct registry_cursor cursor = {0};
    struct instance_list *list = fetch(&cursor, 0);
    cr_expect(list && list->count == 450, "%s", err.text);
    for (size_t i = 0; list && i < list->count; i++)
        cr_expect_eq(list->at[i].port, i + 1);
    instance_list_unref(list);
}

Test(etcd, long_list_is_read_in_pages)
{
    run_with_etcd(list_many);
}

/* --- Outages ------------------------------------------------------------------------------------------ */

static void restart_etcd(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_NONE);
    struct registry_cursor cursor = {0};
    struct err ignored = ERR_INIT;
    bool known;
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    instance_list_unref(fetch(&cursor, 0));

    server_kill(&server);
    cr_expect_null(fetch(&cursor, 1000));
    cr_expect_eq(err.code, ERR_UNREACHABLE, "%s", err.text);
    cr_expect_eq(cursor.index, 0, "the next fetch does not wait");
    cr_expect_eq(TRY(registry_is_registered(etcd, &spec, soon(), &known, &err)), -1, "an error does not mean: not registered");

    cr_expect_eq(server_start(&server, &ignored), 0, "%s", ignored.text);
    cr_expect_eq(TRY(registry_is_registered(etcd, &spec, soon(), &known, &err)), 0, "%s", err.text);
    cr_expect(known, "etcd keeps its data, and a restart renews every lease");
    cr_expect_eq(TRY(registry_heartbeat(etcd, &spec, true, "", soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(count_now(), 1, "%s", err.text);
}

Test(etcd, restarted_etcd_keeps_registration_and_lease)
{
    run_with_etcd(restart_etcd);
}

static void call_hung_etcd(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_NONE);
    server_pause(&server);
    int64_t began = clock_ms();
    cr_expect_eq(TRY(registry_register(etcd, &spec, deadline_in(300), &err)), -1);
    cr_expect_eq(err.code, ERR_TIMEOUT, "%s", err.text);
    cr_expect_lt(clock_ms() - began, 15000);
    server_resume(&server);
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
}

Test(etcd, call_to_a_hung_etcd_ends_at_its_deadline)
{
    run_with_etcd(call_hung_etcd);
}

static void hang_in_watch(void)
{
    struct registry_cursor cursor = {0};
    struct instance_list *list = NULL;
    instance_list_unref(fetch(&cursor, 0));
    server_pause(&server);
    int64_t began = clock_ms();
    cr_expect_eq(TRY(registry_fetch(etcd, "user-service", &cursor, 300, deadline_in(900), &list, &err)), -1);
    cr_expect_eq(err.code, ERR_TIMEOUT, "silence is no confirmation: %s", err.text);
    cr_expect_lt(clock_ms() - began, 15000);
    server_resume(&server);
}

Test(etcd, hang_during_a_watch_is_a_timeout)
{
    run_with_etcd(hang_in_watch);
}

static void expect_cancelled_fetch(void *arg)
{
    struct registry_cursor cursor = {.index = 1};
    struct instance_list *list = NULL;
    struct err why = ERR_INIT;
    (void)arg;
    cr_expect_eq(registry_fetch(etcd, "user-service", &cursor, 30000, deadline_in(40000), &list, &why), -1);
    cr_expect_eq(why.code, ERR_CANCELLED, "%s", why.text);
}

static void cancel_watch(void)
{
    struct group group = {0};
    group_go(&group, expect_cancelled_fetch, NULL);
    fiber_sleep(300);
    int64_t began = clock_ms();
    group_cancel(&group);
    group_join(&group);
    cr_expect_lt(clock_ms() - began, 15000);
}

Test(etcd, watch_can_be_cancelled)
{
    run_with_etcd(cancel_watch);
}

/* --- Several endpoints -------------------------------------------------------------------------------- */

static void fail_over(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_NONE);
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(count_now(), 1, "%s", err.text);
    server_kill(&server);
    cr_expect_eq(count_now(), -1);
    cr_expect(strstr(err.text, "etcd: POST 127.0.0.1:"), "%s", err.text);
}

Test(etcd, next_endpoint_is_used_when_one_fails)
{
    static char two[300];
    struct port unused;
    cr_assert_eq(port_take(&unused, &err), 0);
    start_etcd();
    snprintf(two, sizeof two, "http://127.0.0.1:%d,%s", unused.number, server.url);
    endpoints = two;
    run_with_etcd(fail_over);
    port_release(&unused);
}

static void fail_over_from_hung(void)
{
    int64_t began = clock_ms();
    cr_expect_eq(count_now(), 0, "%s", err.text);
    int64_t first = clock_ms() - began;
    began = clock_ms();
    cr_expect_eq(count_now(), 0, "%s", err.text);
    cr_expect_geq(first, 4500, "its share of the time: half of 10 s");
    cr_expect_lt(clock_ms() - began, 4500, "the next call goes to the endpoint that replied");
}

Test(etcd, hung_endpoint_gets_only_its_share_of_the_time)
{
    static char two[300];
    struct server hung;
    start_etcd();
    cr_assert_eq(server_init(&hung, SERVER_REDIS, &folder, &err), 0); /* any server that can hang */
    cr_assert_eq(server_start(&hung, &err), 0, "%s", err.text);
    server_pause(&hung);
    snprintf(two, sizeof two, "http://127.0.0.1:%d,%s", hung.port.number, server.url);
    endpoints = two;
    run_with_etcd(fail_over_from_hung);
    server_resume(&hung);
    server_close(&hung);
}

/* --- Over its quota ----------------------------------------------------------------------------------- */

static int put_large(int number)
{
    struct buf body = BUF_INIT(64 * 1024);
    buf_addf(&body, "{\"key\":\"Zmls%04d\",\"value\":\"", number); /* base64: "fil" and a number */
    for (int i = 0; i < 10000; i++)
        buf_adds(&body, "eHh4"); /* "xxx" */
    buf_adds(&body, "\"}");
    int status = post("/v3/kv/put", NULL, buf_text(&body));
    buf_close(&body);
    return status;
}

static int heartbeat(const struct registration_spec *spec, bool healthy)
{
    return TRY(registry_heartbeat(etcd, spec, healthy, "", soon(), &err));
}

/* Meanwhile the lease is renewed; healthy: as it is written, so that this writes nothing. */
static void fill_etcd(const struct registration_spec *spec, bool healthy)
{
    int status = 200;
    for (int i = 0; i < 100 && status == 200; i++) {
        status = put_large(i);
        heartbeat(spec, healthy);
    }
    cr_assert_eq(status, 429, "%s", reply_text);
}

/* As etcd's documentation says: compact, defragment, disarm the alarm. physical: the reply comes when the old revisions
 * are out of the file. Otherwise the defragmentation may come first, and the next write raises the alarm again. */
static void mend_etcd(void)
{
    char body[200], member[32] = "";
    struct registry_cursor cursor = {0};
    instance_list_unref(fetch(&cursor, 0));
    snprintf(body, sizeof body, "{\"revision\":\"%d\",\"physical\":true}", (int)cursor.index);
    cr_expect_eq(post("/v3/kv/deleterange", NULL, "{\"key\":\"Zmls\",\"range_end\":\"Zmlt\"}"), 200, "%s", reply_text);
    cr_expect_eq(post("/v3/kv/compaction", NULL, body), 200, "%s", reply_text);
    snprintf(body, sizeof body, "{\"revision\":\"%d\",\"physical\":true}", (int)cursor.index + 1);
    cr_expect_eq(post("/v3/kv/compaction", NULL, body), 200, "%s", reply_text);
    cr_expect_eq(post("/v3/maintenance/defragment", NULL, "{}"), 200, "%s", reply_text);
    cr_expect_eq(post("/v3/maintenance/alarm", NULL, "{\"action\":\"GET\"}"), 200, "%s", reply_text);
    const char *at = strstr(reply_text, "\"alarms\":[{\"memberID\":\"");
    cr_assert(at && sscanf(at, "\"alarms\":[{\"memberID\":\"%31[0-9]", member) == 1, "%s", reply_text);
    snprintf(body, sizeof body, "{\"action\":\"DEACTIVATE\",\"memberID\":\"%s\",\"alarm\":\"NOSPACE\"}", member);
    cr_expect_eq(post("/v3/maintenance/alarm", NULL, body), 200, "%s", reply_text);
}

static void expect_error(const char *text)
{
    cr_expect(strstr(err.text, text), "%s", err.text);
}

/* Sends heartbeats until the key is gone. */
static void expect_removal(const struct registration_spec *spec, bool healthy)
{
    int64_t limit = deadline_in(60000);
    while (count_now() == 1 && deadline_left(limit) > 0) {
        cr_expect_eq(heartbeat(spec, healthy), -1);
        fiber_sleep(200);
    }
    cr_expect_eq(count_now(), 0);
}

static struct registration_spec quick_spec(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_HTTP);
    spec.check_interval_ms = 2000; /* the lease is three times as long */
    return spec;
}

static void fall_ill(void)
{
    struct registration_spec spec = quick_spec();
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(heartbeat(&spec, true), 0, "%s", err.text);
    fill_etcd(&spec, true);
    cr_expect_eq(heartbeat(&spec, true), 0, "nothing has to be written: %s", err.text);
    cr_expect_eq(heartbeat(&spec, false), -1);
    expect_error("etcd: cannot write the status critical, so the lease is not renewed: ");
    expect_error("database space exceeded; compact and defragment etcd, then disarm its alarm");
    cr_expect_eq(heartbeat(&spec, true), 0, "what is written is right again: %s", err.text);
    expect_removal(&spec, false);

    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), -1);
    expect_error("database space exceeded; compact");
    cr_expect_eq(TRY(registry_deregister(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    mend_etcd();
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(heartbeat(&spec, true), 0, "%s", err.text);
    expect_status(INSTANCE_PASSING);
    cr_expect_eq(TRY(registry_deregister(etcd, &spec, soon(), &err)), 0, "%s", err.text);
}

static void run_with_small_quota(void (*story)(void))
{
    cr_assert_eq(folder_take(&folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&server, SERVER_ETCD, &folder, &err), 0, "%s", err.text);
    server.options[0] = "--quota-backend-bytes";
    server.options[1] = "262144";
    cr_assert_eq(server_start(&server, &err), 0, "%s", err.text);
    run_with_etcd(story);
}

Test(etcd, ill_instance_is_not_kept_passing_over_the_quota)
{
    run_with_small_quota(fall_ill);
}

static void recover(void)
{
    struct registration_spec spec = quick_spec();
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    fill_etcd(&spec, false);
    int64_t end = deadline_in(8000);
    while (deadline_left(end) > 0) {
        cr_expect_eq(heartbeat(&spec, true), -1);
        expect_error("etcd: cannot write the status passing: ");
        fiber_sleep(500);
    }
    expect_status(INSTANCE_CRITICAL);
    mend_etcd();
    cr_expect_eq(heartbeat(&spec, true), 0, "%s", err.text);
    expect_status(INSTANCE_PASSING);
}

Test(etcd, critical_instance_stays_listed_over_the_quota)
{
    run_with_small_quota(recover);
}

static void restart_over_quota(void)
{
    struct registration_spec spec = quick_spec();
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(heartbeat(&spec, true), 0, "%s", err.text);
    fill_etcd(&spec, true);
    registry_free(etcd); /* killed, and restarted with the same id at another port */
    etcd = TRY(etcd_new(server.url, http, &err));
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), -1);
    expect_removal(&spec, true);
}

Test(etcd, key_of_an_earlier_process_is_not_kept_alive)
{
    run_with_small_quota(restart_over_quota);
}

/* --- With a password --------------------------------------------------------------------------------- */

static void enable_passwords(void)
{
    cr_expect_eq(post("/v3/auth/user/add", NULL, "{\"name\":\"root\",\"password\":\"hunter2\"}"), 200, "%s", reply_text);
    cr_expect_eq(post("/v3/auth/role/add", NULL, "{\"name\":\"root\"}"), 200, "%s", reply_text);
    cr_expect_eq(post("/v3/auth/user/grant", NULL, "{\"user\":\"root\",\"role\":\"root\"}"), 200, "%s", reply_text);
    cr_expect_eq(post("/v3/auth/enable", NULL, "{}"), 200, "%s", reply_text);
}

static void use_password(void)
{
    struct registration_spec spec = make_spec("u-1", CHECK_HTTP);
    struct registry_cursor cursor = {0};
    cr_expect_eq(TRY(registry_register(etcd, &spec, soon(), &err)), 0, "no password is required yet: %s", err.text);
    enable_passwords();
    cr_expect_eq(TRY(registry_heartbeat(etcd, &spec, true, "", soon(), &err)), 0, "%s", err.text);
    instance_list_unref(fetch(&cursor, 0));
    watch_while(&cursor, register_another);
    cr_expect_eq(woken_count, 2);
    cr_expect_eq(TRY(registry_deregister(etcd, &spec, soon(), &err)), 0, "%s", err.text);
    cr_expect_eq(count_now(), 1);

    struct err ignored = ERR_INIT;
    server_kill(&server); /* simple tokens are kept in memory only */
    cr_expect_eq(server_start(&server, &ignored), 0, "%s", ignored.text);
    cr_expect_eq(count_now(), 1, "%s", err.text);
}

Test(etcd, client_logs_in_and_again_when_the_token_is_lost)
{
    static char locked[200];
    start_etcd();
    snprintf(locked, sizeof locked, "http://root:hunter2@127.0.0.1:%d", server.port.number);
    endpoints = locked;
    run_with_etcd(use_password);
}

static void use_wrong_password(void)
{
    enable_passwords();
    cr_expect_eq(count_now(), -1);
    cr_expect_str_eq(err.text, "etcd: cannot log in: HTTP 400: "
                               "etcdserver: authentication failed, invalid user ID or password");
    registry_free(etcd);
    etcd = TRY(etcd_new(server.url, http, &err));
    cr_expect_eq(count_now(), -1);
    cr_expect_str_eq(err.text, "etcd: HTTP 400: etcdserver: user name is empty");
}

Test(etcd, wrong_password_is_reported_but_not_shown)
{
    static char locked[200];
    start_etcd();
    snprintf(locked, sizeof locked, "http://root:hunter3@127.0.0.1:%d", server.port.number);
    endpoints = locked;
    run_with_etcd(use_wrong_password);
}
