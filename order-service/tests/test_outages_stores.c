/* Redis and PostgreSQL stop, hang and return while both services are in use. */
#include <stdlib.h>
#include <time.h>

#include "scene.h"
#include "scene_requests.h"

TestSuite(outages_stores, .timeout = 300);

static void expect_bounded(const struct service *service, const char *path, int status, int64_t bound_ms)
{
    enum { SLACK_MS = 8000 }; /* for a busy machine; without a deadline a hang would take the probe's 15 s */
    int64_t took;
    cr_expect_eq(get_status(service, path, &took), status, "%s", path);
    cr_expect_lt(took, bound_ms + SLACK_MS, "%s: %lld ms", path, (long long)took);
}

/* --- Redis: all user-services and their deep checks need it -------------------------------- */

static bool panic_is(void *arg)
{
    struct view view;
    view_take(&orders, "user-service", &view);
    return view.panic == *(bool *)arg;
}

static void lose_redis(void (*lose)(struct server *), const char *how)
{
    char when[64];
    struct load_count count;
    struct load *load = load_orders(8, 50);
    lose(&world.redis);
    await(panic_is, &(bool){true}, PATIENCE_MS, "all user-services are critical, and still called");
    await_reply(&users[0], "/users/7", 200, "X-Cache: bypass");
    load_take(load, &count);
    snprintf(when, sizeof when, "Redis %s", how);
    expect_no_failure(&count, when);

    if (lose == server_pause)
        server_resume(&world.redis);
    else
        start_server(&world.redis);
    await(panic_is, &(bool){false}, PATIENCE_MS, "Redis is back: passing");
    await(all_are_usable, NULL, PATIENCE_MS, "Redis is back: all are passing");
    await_reply(&users[0], "/users/7", 200, "X-Cache: hit");
    stop_load(load, "Redis started or resumed");
}

Test(outages_stores, redis_outage_or_hang_fails_no_request, .init = open_scene, .fini = close_scene)
{
    lose_redis(server_stop, "stopped");
    lose_redis(server_pause, "hung");
}

/* --- PostgreSQL ----------------------------------------------------------------------------- */

static bool is_cached(void *path)
{
    return replies(&users[0], path, 200, "X-Cache: hit");
}

/* Empties the cache first, so that no entry expires while PostgreSQL is stopped. */
static void fill_cache(void)
{
    char port[16];
    snprintf(port, sizeof port, "%d", world.redis.port.number);
    const char *const flush[] = {"redis-cli", "-p", port, "FLUSHALL", NULL};
    cr_expect_eq(proc_run(flush, NULL, "/dev/null", PATIENCE_MS, &err), 0, "%s", err.text);
    for (int id = 1; id <= LOAD_USERS; id++) {
        char path[32];
        snprintf(path, sizeof path, "/users/%d", id);
        cr_expect(wait_until(is_cached, path, PATIENCE_MS), "%s is not in the cache", path);
    }
}

static int post_order(void)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    const struct probe_request request = {.url = service_url(&orders, "/orders", url),
                                          .body = "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":1}"};
    struct err cause = ERR_INIT;
    int status = probe_send(NULL, &request, &reply, &cause) == 0 ? reply.status : 0;
    probe_reply_close(&reply);
    return status;
}

static bool order_is_placed(void *arg)
{
    (void)arg;
    return post_order() == 201;
}

struct streak {
    struct load *load;
    uint64_t ok, all_ok, all_failed;
    int64_t slowest_ms;
    char last_failure[sizeof ((struct load_count *)0)->first_failure];
};

static bool is_a_second_without_failure(void *arg)
{
    enum { CALLS_A_SECOND = 8 * 50 };
    struct streak *streak = arg;
    struct load_count count;
    load_take(streak->load, &count);
    streak->ok = count.failed ? 0 : streak->ok + count.ok;
    if (count.failed)
        memcpy(streak->last_failure, count.first_failure, sizeof streak->last_failure);
    streak->all_ok += count.ok;
    streak->all_failed += count.failed;
    streak->slowest_ms = count.slowest_ms > streak->slowest_ms ? count.slowest_ms : streak->slowest_ms;
    return streak->ok >= CALLS_A_SECOND;
}

/* Redis has 100 ms for a read of the cache, and then PostgreSQL is asked: while a machine stalls, calls may fail. */
static void expect_served(struct load *load, const char *how)
{
    struct load_count ignored;
    struct streak streak = {.load = load};
    await(is_a_second_without_failure, &streak, PATIENCE_MS, how);
    REPORT("%s: %llu requests, %llu failed (%s), the slowest took %lld ms", how, (unsigned long long)streak.all_ok,
           (unsigned long long)streak.all_failed, streak.last_failure, (long long)streak.slowest_ms);
    load_stop(load, &ignored);
}

static void lose_postgres(void (*lose)(struct server *), const char *how)
{
    enum { DATABASE_TIMEOUT_MS = 2000 };
    fill_cache();
    struct load *load = load_orders(8, 50);
    lose(&world.postgres);
    await_reply(&orders, "/health", 503, "\"postgres\":{\"status\":\"unhealthy\"");
    expect_bounded(&orders, "/orders/1", 503, DATABASE_TIMEOUT_MS);
    cr_expect_eq(post_order(), 503);
    await(panic_is, &(bool){true}, PATIENCE_MS, "all user-services are critical, and still called");
    expect_served(load, how);

    if (lose == server_pause)
        server_resume(&world.postgres);
    else
        start_server(&world.postgres);
    await(order_is_placed, NULL, PATIENCE_MS, "PostgreSQL is back: an order is placed");
    await_reply(&orders, "/orders/1", 200, "\"degraded\":false");
    await_reply(&orders, "/health", 200, "healthy");
    await(all_are_usable, NULL, PATIENCE_MS, "PostgreSQL is back: all are passing");
}

Test(outages_stores, cached_users_are_served_without_postgresql, .init = open_scene, .fini = close_scene)
{
    lose_postgres(server_stop, "cached users, PostgreSQL stopped");
    lose_postgres(server_kill, "cached users, PostgreSQL killed");
    lose_postgres(server_pause, "cached users, PostgreSQL hung");
}

/* --- /health replies in time ------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Measures the first request after the server began to hang, and a later one. The best of
 * several rounds counts, because a machine may stall; a missing deadline shows in each round. */
static void expect_health_in_time(const struct service *service, struct server *server, const char *check)
{
    enum { ROUNDS = 4, BOUND_MS = 1000 + 500 }; /* docs/reference.md: HEALTH_TIMEOUT + 0.5 s */
    static const struct timespec shared = {.tv_sec = 1, .tv_nsec = 50000000}; /* a result is cached for 1 s */
    int64_t first[ROUNDS], later[ROUNDS];
    char text[64];
    snprintf(text, sizeof text, "\"%s\":{\"status\":\"healthy\"", check);
    for (int i = 0; i < ROUNDS; i++) {
        await_reply(service, "/health", 200, text);
        nanosleep(&shared, NULL);
        server_pause(server);
        cr_expect_eq(get_status(service, "/health", &first[i]), 503);
        nanosleep(&shared, NULL);
        cr_expect_eq(get_status(service, "/health", &later[i]), 503);
        cr_expect_eq(get_status(service, "/health/live", NULL), 200);
        server_resume(server);
    }
    qsort(first, ROUNDS, sizeof *first, compare);
    qsort(later, ROUNDS, sizeof *later, compare);
    cr_expect_leq(first[0], BOUND_MS, "%s: %lld ms", check, (long long)first[0]);
    cr_expect_leq(later[0], BOUND_MS, "%s: %lld ms", check, (long long)later[0]);
    REPORT("/health with %s hung: at best %lld ms at first, %lld ms later", check, (long long)first[0],
           (long long)later[0]);
}

/* Consul hangs from the start, so that only this test requests /health. */
static void open_unregistered(void)
{
    open_world();
    server_pause(&world.consul);
    start_user(0);
    start_orders();
    await_reply(&users[0], "/health", 200, "healthy");
    await_reply(&orders, "/health", 200, "\"registry\":{\"status\":\"unhealthy\"");
}

static void close_unregistered(void)
{
    server_resume(&world.postgres);
    server_resume(&world.redis);
    cr_expect_eq(service_stop(&orders), 0);
    cr_expect_eq(service_stop(&users[0]), 0);
    close_world();
}

Test(outages_stores, health_answers_in_time_when_a_dependency_hangs, .init = open_unregistered,
     .fini = close_unregistered)
{
    expect_health_in_time(&users[0], &world.redis, "redis");
    expect_health_in_time(&users[0], &world.postgres, "postgres");
    expect_health_in_time(&orders, &world.postgres, "postgres");

    server_pause(&world.redis);
    server_pause(&world.postgres);
    int64_t took;
    await_reply(&users[0], "/health", 503, "\"redis\":{\"status\":\"unhealthy\"");
    cr_expect_eq(get_status(&users[0], "/health", &took), 503);
    REPORT("/health with both hung: %lld ms", (long long)took);
}
