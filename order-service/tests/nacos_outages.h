/* nacos_outages: the only Nacos hangs, or is killed and returns without any instance. No call fails, and it is used
 * again. Each test starts a Nacos of its own. */
#ifndef ORDER_SERVICE_TESTS_NACOS_OUTAGES_H
#define ORDER_SERVICE_TESTS_NACOS_OUTAGES_H

#include "nacos_lists.h"
#include "nacos_scene.h"
#include "scene_requests.h"

enum {
    BUSY_MS = 20000, /* what a busy machine may take longer */
    /* docs/reference.md: in use again after a fault ends; the second: after a hang. */
    BACK_AFTER_STOP_MS = 10000 + BUSY_MS,
    BACK_AFTER_HANG_MS = 15000 + BUSY_MS,
};

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

#endif
