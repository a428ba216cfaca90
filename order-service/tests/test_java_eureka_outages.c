/* A real Eureka, the only registry, hangs, is killed and returns empty: no call fails, and it is used again. And what
 * is said of a wrong password and a wrong path. */
#include "eureka_operator.h"

#include <stdlib.h>

TestSuite(java_eureka_outages, .timeout = 900);

enum {
    OUTAGE_MS = 10000, /* longer than the TTL, and long enough for the backoff to reach its cap */
    /* After a restart a list may lack up to half of the instances, and is used. */
    FEWEST_MIN = USERS - USERS / 2,
};

static bool outage_was_long(void *end_ms)
{
    struct view view;
    read_view(&view);
    return is_past(end_ms);
}

/* During an outage the last list is used, and its source, its age and the reason are shown. */
static void expect_cache(const char *reason)
{
    struct view view;
    await(is_the_source, "cache", PATIENCE_MS, "the list is stale");
    wait_until(outage_was_long, &(int64_t){deadline_in(OUTAGE_MS)}, 2 * OUTAGE_MS);
    cr_expect(is_the_source("cache"));
    view_take(&orders, "user-service", &view);
    cr_expect_geq(view.age_ms, OUTAGE_MS, "its age grows: %lld ms", (long long)view.age_ms);
    cr_expect_eq(view.usable, USERS);
    cr_expect(strstr(view.error, reason), "%s", view.error);
    cr_expect(replies(&orders, "/discovery/explain?service=user-service", 200, "{\"tier\":\"cache\""));
    cr_expect(replies(&orders, "/health", 200, reason), "/health names the reason");
}

static void hang(void)
{
    server_pause(&eureka);
    expect_cache("eureka: ");
    server_resume(&eureka);
    await(is_the_source, "eureka", BACK_FROM_HANG_MS, "resumed: it is the source");
    await(all_are_in_eureka, NULL, PATIENCE_MS, "resumed: all are registered");
    cr_expect_eq(fewest, USERS, "the list shrank to %d", fewest);
}

static void be_killed(void)
{
    server_kill(&eureka);
    expect_cache("eureka: GET ");
    start_server(&eureka);
    await(is_the_source, "eureka", BACK_MS, "killed, started again, empty: it is the source");
    await(all_are_in_eureka, NULL, PATIENCE_MS, "all are registered again");
    await(all_are_usable, NULL, PATIENCE_MS, "all are usable");
    cr_expect_geq(fewest, FEWEST_MIN, "the list shrank to %d", fewest);
}

/* --- Wrong settings ----------------------------------------------------------------------- */

/* Another order-service: it neither registers nor gets a list, and says why. */
static void expect_refusal(const char *user, const char *path, const char *error)
{
    struct service stranger;
    char setting[200], logged[300], shown[300];
    snprintf(setting, sizeof setting, "EUREKA_URL=http://%s127.0.0.1:%d%s", user, eureka.port.number, path);
    snprintf(logged, sizeof logged, "msg=register_failed registry=eureka error=\"%s\"", error);
    snprintf(shown, sizeof shown, "\"last_error\":\"%s\"", error);
    const char *const env[] = {setting, "REGISTRIES=eureka", "SERVICE_ID=stranger", "DISCOVERY_CACHE_TTL=2s", NULL};
    cr_assert_eq(service_start(&stranger, &world, "order-service", env, &err), 0, "%s", err.text);
    await_reply(&stranger, "/discovery", 200, shown);
    if (!proc_wait_output(&stranger.proc, logged, NULL, 0, PATIENCE_MS)) {
        char *output = proc_output(&stranger.proc);
        cr_expect_fail("%s: %s", logged, output);
        free(output);
    }
    cr_expect_eq(get_status(&stranger, "/users/7", NULL), 503);
    cr_expect(replies(&stranger, "/discovery", 200, "\"source\":\"none\""));
    service_stop(&stranger);
}

static void be_refused(void)
{
    expect_refusal("lesson:wrong@", "/eureka",
                   "eureka: HTTP 401: user or password is missing or wrong; "
                   "EUREKA_URL=http://user:password@host:port/eureka");
    expect_refusal("", "/eureka",
                   "eureka: HTTP 401: user or password is missing or wrong; "
                   "EUREKA_URL=http://user:password@host:port/eureka");
    expect_refusal(EUREKA_USER "@", "/wrong",
                   "eureka: HTTP 404 for /wrong/apps: this is not the path of a Eureka server; "
                   "EUREKA_URL usually ends in /eureka");
}

Test(java_eureka_outages, hung_or_killed_server_fails_no_call)
{
    open_world();
    start_eureka((const char *[]){CACHE_SHORT, CACHE_EXPIRES, EVICT_SOON, EVICT_ALWAYS, NULL});
    use_eureka("CHECK_INTERVAL=2s");
    start_users_and_orders();
    struct load *load = load_orders(2, 25);
    hang();
    be_killed();
    stop_load(load, "Eureka hung, then killed and empty");
    be_refused();
    close_eureka_scene();
}
