/* nacos_outages: the only Nacos hangs, is killed and returns without any instance, or lists very many. */
#ifndef ORDER_SERVICE_TESTS_NACOS_OUTAGES_H
#define ORDER_SERVICE_TESTS_NACOS_OUTAGES_H

#include <pthread.h>

#include "nacos_lists.h"
#include "nacos_scene.h"
#include "scene_requests.h"

enum {
    /* docs/reference.md: in use again after a fault ends; the second: after a hang. */
    BACK_AFTER_STOP_MS = 10000,
    BACK_AFTER_HANG_MS = 15000,
    MANY = 10000,
    REGISTRARS = 3,
};

/* 1: the sanitizer uses more CPU time than our code. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* --- Hung, killed, empty ------------------------------------------------------------------- */

static bool shows_error(void *error)
{
    struct view view;
    read_view(&view);
    return strncmp(view.error, "nacos: ", 7) == 0 && strstr(view.error, error);
}

static bool is_older_than(void *arg)
{
    struct view view;
    read_view(&view);
    return view.age_ms > *(int64_t *)arg;
}

/* For so long that Nacos removes each instance whose heartbeats stay out. */
static void go_on_from_the_cache(const char *error)
{
    struct view view;
    await(is_the_source, "cache", PATIENCE_MS, "when its list has expired, it is stale");
    await(shows_error, (void *)(uintptr_t)error, PATIENCE_MS, error);
    await(is_older_than, &(int64_t){DELETE_MS + 2 * NACOS_LOOKS_MS}, PATIENCE_MS, "its age grows");
    read_view(&view);
    cr_expect_eq(view.usable, USERS);
    cr_expect(replies(&orders, "/health", 200, "\"registry\":{\"status\":\"unhealthy\""));
    REPORT("X-Discovery-Source: cache, the list is %lld ms old; %s", (long long)view.age_ms, view.error);
}

static bool has_all_again(void *server)
{
    struct view view;
    read_view(&view); /* for the fewest */
    return nacos_has_all(server);
}

/* The fault ends when Nacos has all instances again. On a busy machine it needs long for that; callers do not. */
static void be_used_again(int64_t limit_ms, const char *what)
{
    int64_t recovered_ms = await(has_all_again, &nacos, 2 * PATIENCE_MS, "all are healthy in Nacos again");
    int64_t took_ms = await(is_the_source, "nacos", 2 * PATIENCE_MS, what); /* the limit: test_faults_nacos */
    REPORT("%s: has all after %lld ms, and is the source %lld ms later, as promised at most %lld", what,
           (long long)recovered_ms, (long long)took_ms, (long long)limit_ms);
    await(all_are_usable, NULL, PATIENCE_MS, "all are usable");
}

static void open_outage(enum server_kind kind)
{
    open_world();
    server_stop(&world.consul);
    use_own_nacos(kind);
    use_nacos("outages");
    start_all_in_nacos();
}

/* Nacos, resumed, removes instances before it reads their heartbeats, one by one: the list may shrink for a moment. */
static void survive_a_hang(enum server_kind kind)
{
    open_outage(kind);
    struct load *load = load_orders(2, 25);
    server_pause(&nacos);
    go_on_from_the_cache("no whole reply in time");
    server_resume(&nacos);
    be_used_again(BACK_AFTER_HANG_MS, "Nacos hung, resumed");
    stop_load(load, "Nacos hung, resumed");
    close_nacos_scene();
}

/* Nacos keeps these instances only in its memory. A list that loses more than half of its instances at once is not
 * believed. One that lacks only one of three is (discovery/merged_list.h): on a busy machine it registers late. */
static void survive_a_kill(enum server_kind kind)
{
    open_outage(kind);
    struct load *load = load_orders(2, 25);
    server_kill(&nacos);
    go_on_from_the_cache("Connection refused");
    start_server(&nacos);
    be_used_again(BACK_AFTER_STOP_MS, "Nacos killed, started again without an instance");
    cr_expect_gt(2 * fewest, USERS, "the list shrank to %d", fewest);
    stop_load(load, "Nacos killed, then empty");
    close_nacos_scene();
}

/* --- Very many instances ------------------------------------------------------------------- */

/* No heartbeats keep them alive, so they get long times. */
static void *register_share(void *arg)
{
    const char *metadata = "%7B%22preserved.heart.beat.timeout%22%3A%223600000%22%2C"
                           "%22preserved.ip.delete.timeout%22%3A%223600000%22%2C%22zone%22%3A%22zone-1%22%7D";
    struct probe *probe = probe_new();
    struct probe_reply reply = {0};
    char url[700];
    for (int i = *(int *)arg; i < MANY; i += REGISTRARS) {
        struct err ignored = ERR_INIT;
        static const char *const headers[] = {"serverIdentity: security", NULL};
        snprintf(url, sizeof url, "%s/nacos%s?serviceName=many&groupName=many&ip=10.20.%d.%d&port=80&metadata=%s",
                 nacos.url, is_nacos_3() ? "/v3/client/ns/instance" : "/v1/ns/instance", i / 250,
                 i % 250 + 1, metadata);
        const struct probe_request request = {.method = "POST", .url = url, .headers = headers, .body = ""};
        cr_assert_eq(probe_send(probe, &request, &reply, &ignored), 0, "%s", ignored.text);
        cr_assert_eq(reply.status, 200, "%s", buf_text(&reply.body));
    }
    probe_reply_close(&reply);
    probe_free(probe);
    return NULL;
}

static bool nacos_has_many(void *arg)
{
    (void)arg;
    return healthy_count(&nacos, "many") == MANY;
}

static void register_many(void)
{
    pthread_t threads[REGISTRARS];
    int first[REGISTRARS];
    int64_t began_ms = clock_ms();
    for (int i = 0; i < REGISTRARS; i++) {
        first[i] = i;
        cr_assert_eq(pthread_create(&threads[i], NULL, register_share, &first[i]), 0);
    }
    for (int i = 0; i < REGISTRARS; i++)
        pthread_join(threads[i], NULL);
    REPORT("%d instances registered in %lld ms", MANY, (long long)(clock_ms() - began_ms));
    await(nacos_has_many, NULL, PATIENCE_MS, "all of them are in Nacos");
}

/* In the life of an order-service of its own. It never calls these instances. */
static double list_many_once(void)
{
    const char *env[SETTINGS_MAX + 4] = {"USER_SERVICE_NAME=many", pauses_setting,
                                         SANITIZED ? "SERVICE_NAME=reader" : pauses_preload};
    struct service reader;
    memcpy(env + 3, order_settings, (SETTINGS_MAX - 1) * sizeof *env);
    cr_assert_eq(service_start(&reader, &world, "order-service", env, &err), 0, "%s", err.text);
    await_reply(&reader, "/health", 200, "\"10000 passing, 0 warning, 0 critical\"");
    int64_t some_polls = deadline_in(10000);
    wait_until(is_past, &some_polls, PATIENCE_MS);
    cr_expect(replies(&reader, "/health", 200, "\"10000 passing, 0 warning, 0 critical\""));
    cr_expect_eq(service_stop(&reader), 0);
    return SANITIZED ? 0 : take_longest_pause_ms();
}

static void list_many(void)
{
    register_many();
    measure_pauses();
    double pause_ms = list_many_once();
    REPORT("%d instances listed, polled every second: the loop's longest pause %.1f ms of CPU time", MANY, pause_ms);
}

#endif
