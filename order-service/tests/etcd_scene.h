/* etcd_scene: the scene with a second registry. Each service registers in Consul and
 * in etcd, and order-service reads both.
 */
#ifndef ORDER_SERVICE_TESTS_ETCD_SCENE_H
#define ORDER_SERVICE_TESTS_ETCD_SCENE_H

#include "scene.h"

static struct server etcd;
static const char *etcd_quota; /* bytes; NULL: etcd's default */

/* The servers without the services. */
static inline void open_etcd_world(void)
{
    static char endpoints[160];
    open_world();
    cr_assert_eq(server_init(&etcd, SERVER_ETCD, &world.folder, &err), 0, "%s", err.text);
    if (etcd_quota) {
        etcd.options[0] = "--quota-backend-bytes";
        etcd.options[1] = etcd_quota;
    }
    start_server(&etcd);
    snprintf(endpoints, sizeof endpoints, "ETCD_ENDPOINTS=%s", etcd.url);
    user_settings[0] = order_settings[0] = endpoints;
}

/* A test may set etcd_quota, and user_settings and order_settings from [1] on, before this. */
static inline void open_etcd_scene(void)
{
    open_etcd_world();
    start_all();
}

/* Call this in the test itself: a check that fails in a .fini is printed by Criterion, but the test passes. */
static inline void close_etcd_scene(void)
{
    for (int i = 0; i < USERS; i++)
        if (proc_is_running(&users[i].proc))
            cr_expect_eq(service_stop(&users[i]), 0, "%s", user_id(i));
    cr_expect_eq(service_stop(&orders), 0);
    server_close(&etcd);
    close_world();
}

/* POSTs to etcd's JSON gateway. Copies the first word after `before` in the reply to out. False: the status is
 * not 200, or `before` is not in the reply. */
static inline bool etcd_tells(const char *path, const char *body, const char *before, char out[32])
{
    char url[160];
    struct probe_reply reply = {0};
    struct err ignored = ERR_INIT;
    snprintf(url, sizeof url, "%s%s", etcd.url, path);
    struct probe_request request = {.url = url, .body = body};
    bool is_ok = probe_send(NULL, &request, &reply, &ignored) == 0 && reply.status == 200;
    const char *at = is_ok ? strstr(buf_text(&reply.body), before) : NULL;
    snprintf(out, 32, "%.*s", at ? (int)strcspn(at + strlen(before), "\"") : 0, at ? at + strlen(before) : "");
    probe_reply_close(&reply);
    return at != NULL;
}

/* True: status 200, and `text` is in the reply. */
static inline bool etcd_replies(const char *path, const char *body, const char *text)
{
    char ignored[32];
    return etcd_tells(path, body, text, ignored);
}

/* True if there are this many (int *) keys below /services/, of all services together. */
static inline bool etcd_has(void *arg)
{
    static const char all[] = "{\"key\":\"L3NlcnZpY2VzLw==\",\"range_end\":\"L3NlcnZpY2VzMA==\",\"count_only\":true}";
    char want[32];
    snprintf(want, sizeof want, "\"count\":\"%d\"", *(int *)arg);
    return etcd_replies("/v3/kv/range", all, want);
}

static inline void lose_data_of_etcd(void)
{
    char data[PLACE_PATH_MAX + 8], log[PLACE_PATH_MAX + 8];
    snprintf(data, sizeof data, "%s/data", etcd.folder);
    snprintf(log, sizeof log, "%s/rm.log", etcd.folder);
    const char *const argv[] = {"rm", "-r", data, NULL};
    cr_expect_eq(proc_run(argv, NULL, log, PATIENCE_MS, &err), 0, "%s", err.text);
}

/* Puts an instance into maintenance in Consul, or ends it. */
static inline void set_maintenance(int i, bool on)
{
    char url[300];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s/v1/agent/service/maintenance/%s?enable=%s", consul->url, user_id(i),
             on ? "true" : "false");
    const struct probe_request request = {.method = "PUT", .url = url, .body = ""};
    cr_assert_eq(probe_send(NULL, &request, &reply, &err), 0, "%s", err.text);
    cr_assert_eq(reply.status, 200);
    probe_reply_close(&reply);
}

static inline bool source_is(void *arg)
{
    struct view view;
    view_take(&orders, "user-service", &view);
    return strcmp(view.source, arg) == 0;
}

static inline bool call_shows(void *source)
{
    struct called called;
    view_call(NULL, &orders, 7, &called);
    cr_expect_eq(called.status, 200);
    return strcmp(called.source, source) == 0;
}

/* Waits: with a TTL of seconds, a busy machine may receive the next list too late. */
static inline void expect_source(const char *source)
{
    cr_expect(wait_until(call_shows, (void *)(uintptr_t)source, PATIENCE_MS), "%s", source);
}

#endif
