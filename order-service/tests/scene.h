/* scene: shared by the outage tests. It has three user-services and an order-service on real
 * servers. Each keeps its id and port for the whole test, so that it can stop and start
 * again. A test prints what it measured. It checks only times that docs/reference.md
 * promises, or that something happens at all.
 */
#ifndef ORDER_SERVICE_TESTS_SCENE_H
#define ORDER_SERVICE_TESTS_SCENE_H

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "harness/load.h"
#include "harness/view.h"

enum {
    USERS = 3,
    SETTINGS_MAX = 16,
    PATIENCE_MS = 60000, /* for an event that must happen, with no promised time */
};

static struct world world;
static struct server *consul = &world.consul; /* the agent that the test queries */
static struct service users[USERS], orders;
static struct port user_ports[USERS], order_port;
/* The settings of each start, in addition to id and port. */
static const char *user_settings[SETTINGS_MAX], *order_settings[SETTINGS_MAX];
static struct err err;

#define REPORT(format, ...) fprintf(stderr, "    measured: " format "\n", __VA_ARGS__)

/* --- Start and stop -------------------------------------------------------------------- */

static inline const char *user_id(int i)
{
    static const char *const ids[USERS] = {"user-service-1", "user-service-2", "user-service-3"};
    return ids[i];
}

static inline void start(struct service *service, const char *program, const char *id, int port,
                         const char *const settings[])
{
    char id_setting[64], port_setting[32];
    /* CALL_TIMEOUT is so long that a machine which stalls for a moment fails no call. */
    const char *env[SETTINGS_MAX + 3] = {id_setting, port_setting, "CALL_TIMEOUT=9s"};
    snprintf(id_setting, sizeof id_setting, "SERVICE_ID=%s", id);
    snprintf(port_setting, sizeof port_setting, "PORT=%d", port);
    memcpy(env + 3, settings, (SETTINGS_MAX - 1) * sizeof *env);
    cr_assert_eq(service_start(service, &world, program, env, &err), 0, "%s", err.text);
}

static inline void start_user(int i)
{
    start(&users[i], "user-service", user_id(i), user_ports[i].number, user_settings);
}

static inline void start_orders(void)
{
    start(&orders, "order-service", "order-service-1", order_port.number, order_settings);
}

static inline void start_server(struct server *server)
{
    cr_assert_eq(server_start(server, &err), 0, "%s", err.text);
}

static inline void open_world(void)
{
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    cr_assert_eq(port_take(&order_port, &err), 0, "%s", err.text);
    for (int i = 0; i < USERS; i++)
        cr_assert_eq(port_take(&user_ports[i], &err), 0, "%s", err.text);
}

static inline void close_world(void)
{
    world_stop(&world);
    port_release(&order_port);
    for (int i = 0; i < USERS; i++)
        port_release(&user_ports[i]);
}

/* --- Conditions ------------------------------------------------------------------------- */

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

/* --- The whole scene ---------------------------------------------------------------------- */

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

/* --- Requests ------------------------------------------------------------------------------ */

/* The status of a GET; 0: no reply within 15 s. took_ms may be NULL. */
static inline int get_status(const struct service *service, const char *path, int64_t *took_ms)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    int status = probe_get(NULL, service_url(service, path, url), &reply);
    if (took_ms)
        *took_ms = reply.took_us / 1000;
    probe_reply_close(&reply);
    return status;
}

/* True if a GET has this status, and `text` in its headers or body. */
static inline bool replies(const struct service *service, const char *path, int status, const char *text)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    bool so = probe_get(NULL, service_url(service, path, url), &reply) == status &&
              (strstr(buf_text(&reply.body), text) || strstr(buf_text(&reply.headers), text));
    probe_reply_close(&reply);
    return so;
}

struct expected_reply {
    const struct service *service;
    const char *path;
    int status;
    const char *text;
};

static inline bool is_replied(void *arg)
{
    const struct expected_reply *want = arg;
    return replies(want->service, want->path, want->status, want->text);
}

static inline int64_t await_reply(const struct service *service, const char *path, int status, const char *text)
{
    struct expected_reply want = {service, path, status, text};
    char what[128];
    snprintf(what, sizeof what, "%s: %d with %s", path, status, text);
    return await(is_replied, &want, PATIENCE_MS, what);
}

static inline struct load *load_orders(int threads, int per_second)
{
    char url[SERVICE_URL_MAX];
    struct load *load = load_start(service_url(&orders, "/users/", url), threads, per_second);
    cr_assert(load);
    return load;
}

static inline void expect_no_failure(const struct load_count *count, const char *when)
{
    cr_expect_gt(count->ok, 0, "%s", when);
    cr_expect_eq(count->failed, 0, "%s: %llu failed, first %s", when, (unsigned long long)count->failed,
                 count->first_failure);
    REPORT("%s: %llu requests, %llu failed, the slowest took %lld ms", when, (unsigned long long)count->ok,
           (unsigned long long)count->failed, (long long)count->slowest_ms);
}

static inline void stop_load(struct load *load, const char *when)
{
    struct load_count count;
    load_stop(load, &count);
    expect_no_failure(&count, when);
}

#endif
