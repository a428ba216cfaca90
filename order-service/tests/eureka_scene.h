/* eureka_scene: the scene with a real Eureka as the only registry. */
#ifndef ORDER_SERVICE_TESTS_EUREKA_SCENE_H
#define ORDER_SERVICE_TESTS_EUREKA_SCENE_H

#include "java_scene.h"

#define EUREKA_USER "lesson:secret"
/* Settings of the server: a change shows soon, not after up to 30 s, also one that comes while the cache is filled, not
 * after up to 180 s; an expired lease is evicted soon, not after up to 60 s; and it is evicted, however few heartbeats
 * there are. */
#define CACHE_SHORT "--eureka.server.response-cache-update-interval-ms=500"
#define CACHE_EXPIRES "--eureka.server.response-cache-auto-expiration-in-seconds=1"
#define EVICT_SOON "--eureka.server.eviction-interval-timer-in-ms=1000"
#define EVICT_ALWAYS "--eureka.server.enable-self-preservation=false"

enum {
    SLACK_MS = 10000, /* of a busy machine, where a Java server that starts or resumes has much to do */
    /* docs/reference.md: a registry is in use again after a fault ends; the second: after a hang. */
    BACK_MS = 10000 + SLACK_MS,
    BACK_FROM_HANG_MS = 15000 + SLACK_MS,
};

static struct server eureka;
static char eureka_setting[200]; /* EUREKA_URL=… */
static struct probe *operator;   /* keeps its connection */

/* --- Start and stop -------------------------------------------------------------------- */

/* With a user and password, as it should be. options: up to four, then NULL. */
static inline void start_eureka(const char *const options[])
{
    cr_assert_eq(server_init(&eureka, SERVER_EUREKA, &world.folder, &err), 0, "%s", err.text);
    for (int i = 0; options[i]; i++)
        eureka.options[i] = options[i];
    eureka.env[0] = "EUREKA_USER=" EUREKA_USER;
    start_server(&eureka);
    snprintf(eureka_setting, sizeof eureka_setting, "EUREKA_URL=http://%s@127.0.0.1:%d/eureka", EUREKA_USER,
             eureka.port.number);
}

/* Settings [0] to [5] of both services. The list is polled every second, so it expires in two. A busy machine does not
 * make an instance ill: Eureka's callers would see that for up to 30 s. */
static inline void use_eureka(const char *check_interval)
{
    const char *const settings[] = {eureka_setting, "REGISTRIES=eureka", check_interval, "DISCOVERY_CACHE_TTL=2s",
                                    "RECONCILE_INTERVAL=5s", "HEALTH_TIMEOUT=20s"};
    memcpy(user_settings, settings, sizeof settings);
    memcpy(order_settings, settings, sizeof settings);
}

/* Call this in the test itself: a check that fails in a .fini is printed by Criterion, but the test passes. */
static inline void close_eureka_scene(void)
{
    for (int i = 0; i < USERS; i++)
        if (proc_is_running(&users[i].proc))
            cr_expect_eq(service_stop(&users[i]), 0, "%s", user_id(i));
    if (proc_is_running(&orders.proc))
        cr_expect_eq(service_stop(&orders), 0);
    probe_free(operator);
    server_close(&eureka);
    close_world();
}

#endif
