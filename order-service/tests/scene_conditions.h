/* scene_conditions: what a test waits for, each condition with a limit. A test prints how long it took. It checks only
 * times that docs/reference.md promises, or that something happens at all. */
#ifndef ORDER_SERVICE_TESTS_SCENE_CONDITIONS_H
#define ORDER_SERVICE_TESTS_SCENE_CONDITIONS_H

#include "harness/view.h"
#include "scene_services.h"

enum { PATIENCE_MS = 60000 }; /* for an event that must happen, with no promised time */

#define REPORT(format, ...) fprintf(stderr, "    measured: " format "\n", __VA_ARGS__)

static inline bool user_is_usable(void *arg)
{
    const int *i = arg;
    struct view view;
    view_take(&orders, "user-service", &view);
    const struct seen *seen = view_find(&view, user_id(*i));
    return seen && strcmp(seen->status, "passing") == 0 && !seen->ejected;
}

static inline bool user_is_avoided(void *arg)
{
    const int *i = arg;
    struct view view;
    view_take(&orders, "user-service", &view);
    const struct seen *seen = view_find(&view, user_id(*i));
    return view.known && (!seen || seen->ejected || strcmp(seen->status, "critical") == 0);
}

static inline bool all_are_usable(void *arg)
{
    (void)arg;
    for (int i = 0; i < USERS; i++)
        if (!user_is_usable(&i))
            return false;
    return true;
}

static inline bool consul_has_all(void *arg)
{
    (void)arg;
    return consul_count(consul, "user-service", true) == USERS && consul_count(consul, "order-service", true) == 1;
}

/* Waits until the condition is true; the test fails if that takes too long. */
static inline int64_t await(bool (*condition)(void *arg), void *arg, int64_t limit_ms, const char *what)
{
    int64_t took = time_until(condition, arg, limit_ms);
    cr_expect(took >= 0, "not within %lld ms: %s", (long long)limit_ms, what);
    REPORT("%s: %lld ms", what, (long long)took);
    return took;
}

#endif
