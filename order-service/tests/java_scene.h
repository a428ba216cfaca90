/* java_scene: the scene with one registry that runs on Java. Such a server takes many seconds to start, so a test has
 * several parts that share it.
 */
#ifndef ORDER_SERVICE_TESTS_JAVA_SCENE_H
#define ORDER_SERVICE_TESTS_JAVA_SCENE_H

#include "scene.h"
#include "scene_requests.h"

static inline void start_users_and_orders(void)
{
    for (int i = 0; i < USERS; i++)
        start_user(i);
    start_orders();
    cr_assert(wait_until(all_are_usable, NULL, PATIENCE_MS), "the services do not find each other");
}

/* The fewest instances in any view of order-service so far. */
static int fewest = USERS;

static inline void read_view(struct view *view)
{
    view_take(&orders, "user-service", view);
    if (!view->known || view->count < fewest)
        fewest = view->known ? view->count : 0;
}

/* X-Discovery-Source, and the source in /discovery and in the metrics. Wait for it: with a TTL of seconds, a busy
 * machine may receive the next list too late. */
static inline bool is_the_source(void *source)
{
    struct view view;
    struct called called;
    char metric[96];
    read_view(&view);
    view_call(NULL, &orders, 7, &called);
    cr_expect_eq(called.status, 200);
    snprintf(metric, sizeof metric, "discovery_tier{service=\"user-service\",source=\"%s\"} 1", (const char *)source);
    return strcmp(view.source, source) == 0 && strcmp(called.source, source) == 0 &&
           replies(&orders, "/metrics", 200, metric);
}

static inline bool is_in_maintenance(void *arg)
{
    char text[128];
    snprintf(text, sizeof text, "{\"id\":\"%s\",\"reason\":\"in maintenance\"}", user_id(*(int *)arg));
    return replies(&orders, "/discovery/explain?service=user-service", 200, text);
}

static inline bool is_not_listed(void *arg)
{
    struct view view;
    view_take(&orders, "user-service", &view);
    return view.known && !view_find(&view, user_id(*(int *)arg));
}

static inline bool all_are_critical(void *arg)
{
    (void)arg;
    struct view view;
    view_take(&orders, "user-service", &view);
    return view.count == USERS && view.usable == 0 && view.panic;
}

static inline void expect_not_called(int i)
{
    struct called called;
    for (int call = 0; call < 12; call++) {
        view_call(NULL, &orders, 7, &called);
        cr_expect_eq(called.status, 200);
        cr_expect_str_neq(called.upstream, user_id(i));
    }
}

static inline bool is_past(void *deadline)
{
    return deadline_left(*(int64_t *)deadline) == 0;
}

/* --- Pauses of the event loop ---------------------------------------------------------- */

/* They are reported; fault_checks.h checks that a long list is taken in slices. */

/* bench/pause.c writes the longest pause into this file. */
static char pauses[PLACE_PATH_MAX + 32], pauses_setting[sizeof pauses + 16], pauses_preload[PLACE_PATH_MAX + 32];

static inline void measure_pauses(void)
{
    char build[PLACE_PATH_MAX];
    build_path(build);
    snprintf(pauses_preload, sizeof pauses_preload, "LD_PRELOAD=%s/pause.so", build);
    snprintf(pauses, sizeof pauses, "%s/pauses", world.folder.path);
    snprintf(pauses_setting, sizeof pauses_setting, "PAUSE_FILE=%s", pauses);
}

/* Of the process that ran last. */
static inline double take_longest_pause_ms(void)
{
    int64_t ns = 0;
    FILE *file = fopen(pauses, "re");
    cr_expect(file && fread(&ns, sizeof ns, 1, file) == 1, "%s", pauses);
    if (file)
        fclose(file);
    unlink(pauses);
    return (double)ns / 1e6;
}

#endif
