/* nacos_many: a real Nacos lists 10,000 instances, and order-service keeps all of them. */
#ifndef ORDER_SERVICE_TESTS_NACOS_MANY_H
#define ORDER_SERVICE_TESTS_NACOS_MANY_H

#include <pthread.h>

#include "nacos_lists.h"
#include "nacos_scene.h"
#include "scene_requests.h"

enum {
    MANY = 10000,
    REGISTRARS = 3,
};

/* 1: the sanitizer uses more CPU time than our code. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

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
    await_reply(&reader, "/health", 200, "\"10000 passing, 0 warning, 0 critical\"");
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
