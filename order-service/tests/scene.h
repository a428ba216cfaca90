/* scene: most tests on real servers begin and end with it. It opens the servers and starts all services, and closes
 * them. A test that starts only some of them calls the functions of scene_services.h itself. */
#ifndef ORDER_SERVICE_TESTS_SCENE_H
#define ORDER_SERVICE_TESTS_SCENE_H

#include <signal.h>

#include "base/clock.h"
#include "scene_conditions.h"
#include "scene_services.h"

static inline void start_all(void)
{
    for (int i = 0; i < USERS; i++)
        start_user(i);
    start_orders();
    cr_assert(wait_until(all_are_usable, NULL, PATIENCE_MS), "the services do not start");
    cr_assert(wait_until(consul_has_all, NULL, PATIENCE_MS), "the services do not start");
}

static inline void open_scene(void)
{
    open_world();
    start_all();
}

static inline void close_scene(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    for (int i = 0; i < USERS; i++)
        cr_expect_eq(service_stop(&users[i]), 0, "%s", user_id(i));
    close_world();
}

#endif
