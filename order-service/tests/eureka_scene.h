/* eureka_scene: the scene with a real Eureka as the only registry, and what an operator asks it. */
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

/* --- What an operator asks ------------------------------------------------------------- */

struct eureka_query {
    const struct server *server;
    const char *path; /* after …/eureka/apps/ */
    const char *text; /* that the reply contains; NULL: the status must be 404 */
};

/* The status; 0: no reply. body: NULL for none. reply may be NULL. */
static inline int eureka_send(const struct server *server, const char *method, const char *path, const char *body,
                              struct probe_reply *reply)
{
    static const char *const headers[] = {"Authorization: Basic bGVzc29uOnNlY3JldA==", /* EUREKA_USER */
                                          "Accept: application/json", "Content-Type: application/json", NULL};
    char url[300];
    struct probe_reply own = {0};
    struct err ignored = ERR_INIT;
    snprintf(url, sizeof url, "%s/apps/%s", server->url, path);
    const struct probe_request request = {.method = method, .url = url, .headers = headers, .body = body};
    operator = operator ? operator : probe_new();
    reply = reply ? reply : &own;
    int status = probe_send(operator, &request, reply, &ignored) == 0 ? reply->status : 0;
    probe_reply_close(&own);
    return status;
}

static inline bool eureka_shows(void *arg)
{
    const struct eureka_query *query = arg;
    struct probe_reply reply = {0};
    int status = eureka_send(query->server, "GET", query->path, NULL, &reply);
    bool so = query->text ? status == 200 && strstr(buf_text(&reply.body), query->text) : status == 404;
    probe_reply_close(&reply);
    return so;
}

static inline void expect_shown(const char *path, const char *text)
{
    struct probe_reply reply = {0};
    int status = eureka_send(&eureka, "GET", path, NULL, &reply);
    const char *body = buf_text(&reply.body);
    cr_expect(text ? status == 200 && strstr(body, text) : status == 404, "%s: want %s: %d %s", path,
              text ? text : "404", status, body);
    probe_reply_close(&reply);
}

static inline int64_t await_shown(const char *path, const char *text, const char *what)
{
    return await(eureka_shows, &(struct eureka_query){&eureka, path, text}, PATIENCE_MS, what);
}

static inline bool all_are_in_eureka(void *arg)
{
    (void)arg;
    for (int i = 0; i < USERS; i++) {
        char path[64];
        snprintf(path, sizeof path, "USER-SERVICE/%s", user_id(i));
        if (!eureka_shows(&(struct eureka_query){&eureka, path, "\"status\":\"UP\""}))
            return false;
    }
    return true;
}

/* What Eureka calls OUT_OF_SERVICE is our maintenance. */
static inline void set_out_of_service(int i, bool is_out)
{
    char path[128];
    snprintf(path, sizeof path, "USER-SERVICE/%s/status?value=%s", user_id(i), is_out ? "OUT_OF_SERVICE" : "UP");
    cr_expect_eq(eureka_send(&eureka, is_out ? "PUT" : "DELETE", path, NULL, NULL), 200, "%s", path);
}

#endif
