/* nacos_scene: the scene with a real Nacos as the only registry. Each test has its services in a group of its own, as
 * several tests share one server (nacos_server.h). */
#ifndef ORDER_SERVICE_TESTS_NACOS_SCENE_H
#define ORDER_SERVICE_TESTS_NACOS_SCENE_H

#include "java_scene.h"
#include "nacos_lists.h"
#include "nacos_server.h"

enum {
    CHECK_INTERVAL_MS = 2000,
    DELETE_MS = 6 * CHECK_INTERVAL_MS, /* docs/reference.md; Nacos looks every 5 s */
    NACOS_LOOKS_MS = 5000,
};

static char nacos_setting[200]; /* NACOS_SERVER_ADDR=… */

/* The first settings of both services. The list is polled every second, so it expires in two. A Java server that
 * starts makes the machine busy, so PostgreSQL and the deep check get more time. */
static inline void use_registry(const char *user, const char *password)
{
    const char *const settings[] = {nacos_setting, "REGISTRIES=nacos", "CHECK_INTERVAL=2s", "DISCOVERY_CACHE_TTL=2s",
                                    "RECONCILE_INTERVAL=5s", "DATABASE_TIMEOUT=9s", "HEALTH_TIMEOUT=20s", user,
                                    password};
    memcpy(user_settings, settings, sizeof settings);
    memcpy(order_settings, settings, sizeof settings);
}

enum { FREE_SETTING = 10 }; /* the first that a test may use */

/* group: the test's own. */
static inline void use_nacos(const char *group)
{
    static char group_setting[64];
    nacos_group = group;
    snprintf(nacos_setting, sizeof nacos_setting, "NACOS_SERVER_ADDR=%s", nacos.url);
    snprintf(group_setting, sizeof group_setting, "NACOS_GROUP=%s", group);
    use_registry("NACOS_USERNAME=nacos", is_nacos_3() ? "NACOS_PASSWORD=" NACOS_PASSWORD : "NACOS_PASSWORD=nacos");
    user_settings[FREE_SETTING - 1] = order_settings[FREE_SETTING - 1] = group_setting;
}

static inline void start_all_in_nacos(void)
{
    user_settings[FREE_SETTING] = "SERVICE_WEIGHT=3";
    user_settings[FREE_SETTING + 1] = "SERVICE_ZONE=zone-1";
    user_settings[FREE_SETTING + 2] = "SERVICE_VERSION=7.8.9";
    start_users_and_orders();
    await(nacos_has_all, &nacos, PATIENCE_MS, "all are healthy in Nacos");
}

/* Call this in the test itself: a check that fails in a .fini is printed by Criterion, but the test passes. */
static inline void close_nacos_scene(void)
{
    for (int i = 0; i < USERS; i++)
        if (proc_is_running(&users[i].proc))
            cr_expect_eq(service_stop(&users[i]), 0, "%s", user_id(i));
    if (proc_is_running(&orders.proc))
        cr_expect_eq(service_stop(&orders), 0);
    if (nacos.proc.pid)
        server_close(&nacos);
    close_world();
}

#endif
