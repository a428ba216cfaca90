/* fault_case: shared by the tests with faults. It starts stand-ins as upstreams, and order-services that call them.
 *
 * All rows of a table run at the same time, each with its own processes, because a row
 * mostly waits. No real server is started.
 */
#ifndef ORDER_SERVICE_TESTS_FAULT_CASE_H
#define ORDER_SERVICE_TESTS_FAULT_CASE_H

#include <unistd.h>

#include "harness/load.h"
#include "stand_in.h"

enum {
    UPSTREAMS = 3,
    SETTINGS_MAX = 12,
};

static inline void sleep_ms(int64_t ms)
{
    usleep((useconds_t)ms * 1000);
}

static struct stand_in upstreams[UPSTREAMS];

static inline void start_upstreams(void)
{
    for (int i = 0; i < UPSTREAMS; i++)
        stand_in_start(&upstreams[i], NULL, NULL);
}

static inline void stop_upstreams(void)
{
    for (int i = 0; i < UPSTREAMS; i++)
        stand_in_stop(&upstreams[i]);
}

static inline void start_caller(struct service *orders, const char *const settings[])
{
    const char *env[SETTINGS_MAX + 1] = {"DATABASE_URL=postgresql://127.0.0.1:1/none", "CONSUL_HTTP_ADDR=127.0.0.1:1",
                                         "RECONCILE_INTERVAL=5s"};
    for (int i = 0; settings[i]; i++)
        env[i + 3] = settings[i];
    cr_assert_eq(service_start(orders, &world, "order-service", env, &err), 0, "%s", err.text);
}

static inline struct load *load_caller(const struct service *orders, int per_second)
{
    char url[SERVICE_URL_MAX];
    struct load *load = load_start(service_url(orders, "/users/", url), 1, per_second);
    cr_assert(load);
    return load;
}

#endif
