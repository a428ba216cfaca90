/* nacos_scene: the scene with a real Nacos as the only registry, and what an operator asks it. The server wants a
 * login, and a login lives for seconds only, so it is renewed all the time.
 *
 * Nacos takes many seconds to start. So the tests of a file share one server, which starts before the first of them,
 * and each has its services in a group of its own. A test that stops the server starts its own.
 */
#ifndef ORDER_SERVICE_TESTS_NACOS_SCENE_H
#define ORDER_SERVICE_TESTS_NACOS_SCENE_H

#include <jansson.h>
#include <stdlib.h>

#include "java_scene.h"

enum {
    TOKEN_SECONDS = 20,
    LOGIN_LIMIT_MS = 60000, /* a new user of Nacos 3 can log in after up to 15 s */
};

#define NACOS_PASSWORD "let-me-in"

static struct server nacos;
static char nacos_setting[200];                  /* NACOS_SERVER_ADDR=… */
static const char *nacos_group = "DEFAULT_GROUP"; /* of this test */

/* --- What an operator asks ------------------------------------------------------------- */

static inline bool is_nacos_3(void)
{
    return nacos.kind == SERVER_NACOS;
}

/* A request of the server's own identity needs no login. query: the parameters. The status; 0: no reply. */
static inline int nacos_send(const struct server *server, const char *method, const char *path, const char *query,
                             struct probe_reply *reply)
{
    static const char *const headers[] = {"serverIdentity: security", NULL}; /* as in consul-dev/run-nacos */
    char url[600];
    struct probe_reply own = {0};
    struct err ignored = ERR_INIT;
    snprintf(url, sizeof url, "%s/nacos%s?%s", server->url, path, query);
    const struct probe_request request = {.method = method, .url = url, .headers = headers, .timeout_ms = 60000,
                                          .body = strcmp(method, "GET") == 0 ? NULL : ""};
    int status = probe_send(NULL, &request, reply ? reply : &own, &ignored) == 0 ? (reply ? reply : &own)->status : 0;
    probe_reply_close(&own);
    return status;
}

static inline void expect_sent(const char *method, const char *path, const char *query)
{
    struct probe_reply reply = {0};
    cr_expect_eq(nacos_send(&nacos, method, path, query, &reply), 200, "%s %s: %s", path, query,
                 buf_text(&reply.body));
    probe_reply_close(&reply);
}

/* As the console does. change: the parameters that change. */
static inline void operate(int i, const char *change)
{
    char query[300];
    snprintf(query, sizeof query, "serviceName=user-service&groupName=%s&ip=127.0.0.1&port=%d&%s", nacos_group,
             user_ports[i].number, change);
    expect_sent("PUT", is_nacos_3() ? "/v3/admin/ns/instance" : "/v1/ns/instance", query);
}

/* --- What Nacos lists ------------------------------------------------------------------ */

/* The instances of a service, as a caller gets them; NULL: no reply. The caller frees the list. */
static inline json_t *nacos_list_new(const struct server *server, const char *service, const char *namespace_id)
{
    bool is_3 = server->kind == SERVER_NACOS;
    char query[300];
    struct probe_reply reply = {0};
    snprintf(query, sizeof query, "serviceName=%s&groupName=%s&namespaceId=%s", service, nacos_group, namespace_id);
    const char *path = is_3 ? "/v3/client/ns/instance/list" : "/v1/ns/instance/list";
    int status = nacos_send(server, "GET", path, query, &reply);
    json_t *whole = status == 200 ? json_loadb(buf_text(&reply.body), reply.body.len, 0, NULL) : NULL;
    json_t *list = json_incref(json_object_get(whole, is_3 ? "data" : "hosts"));
    json_decref(whole);
    probe_reply_close(&reply);
    return list;
}

/* The entry of user i; NULL: there is none. The caller frees it. */
static inline json_t *nacos_entry_new(const struct server *server, int i)
{
    json_t *list = nacos_list_new(server, "user-service", "public"), *entry, *found = NULL;
    size_t at;
    json_array_foreach(list, at, entry) {
        if (json_integer_value(json_object_get(entry, "port")) == user_ports[i].number)
            found = json_incref(entry);
    }
    json_decref(list);
    return found;
}

static inline bool entry_is_gone(void *arg)
{
    json_t *entry = nacos_entry_new(&nacos, *(int *)arg);
    json_decref(entry);
    return !entry;
}

static inline bool entry_is_unhealthy(void *arg)
{
    json_t *entry = nacos_entry_new(&nacos, *(int *)arg);
    bool so = json_is_false(json_object_get(entry, "healthy"));
    json_decref(entry);
    return so;
}

static inline int healthy_count(const struct server *server, const char *service)
{
    json_t *list = nacos_list_new(server, service, "public"), *entry;
    size_t at;
    int count = 0;
    json_array_foreach(list, at, entry) {
        count += json_is_true(json_object_get(entry, "healthy"));
    }
    json_decref(list);
    return count;
}

/* arg: the server. */
static inline bool nacos_has_all(void *arg)
{
    return healthy_count(arg, "user-service") == USERS && healthy_count(arg, "order-service") == 1;
}

/* --- Start and stop -------------------------------------------------------------------- */

static inline bool nacos_logs_in(void *arg)
{
    const struct server *server = arg;
    bool is_3 = server->kind == SERVER_NACOS;
    return nacos_send(server, "POST", is_3 ? "/v3/auth/user/login" : "/v1/auth/login",
                      is_3 ? "username=nacos&password=" NACOS_PASSWORD : "username=nacos&password=nacos", NULL) == 200;
}

/* Nacos 3 has no user before the first password is set; Nacos 2 has nacos with the password nacos. */
static inline int start_nacos(struct server *server, enum server_kind kind, const struct folder *folder)
{
    static char token_seconds[40];
    snprintf(token_seconds, sizeof token_seconds, "NACOS_TOKEN_SECONDS=%d", TOKEN_SECONDS);
    if (server_init(server, kind, folder, &err) != 0)
        return -1;
    server->env[0] = "NACOS_AUTH=1";
    server->env[1] = token_seconds;
    if (server_start(server, &err) != 0)
        return -1;
    if (kind == SERVER_NACOS)
        nacos_send(server, "POST", "/v3/auth/user/admin", "password=" NACOS_PASSWORD, NULL);
    return wait_until(nacos_logs_in, server, LOGIN_LIMIT_MS) ? 0 : err_set(&err, ERR_FAILED, "no user can log in");
}

/* A hook, in the process that starts a process for each test. A failed check would end it, so each test checks it. */
#define SHARED_NACOS "SHARED_NACOS_PORT"

struct shared_nacos {
    struct folder folder;
    struct server server;
};

static inline void start_shared_nacos(struct shared_nacos *shared, enum server_kind kind)
{
    char port[16];
    if (folder_take(&shared->folder, &err) == 0 && start_nacos(&shared->server, kind, &shared->folder) == 0) {
        snprintf(port, sizeof port, "%d", shared->server.port.number);
        setenv(SHARED_NACOS, port, 1);
    } else {
        fprintf(stderr, "%s\n", err.text);
    }
}

static inline void stop_shared_nacos(struct shared_nacos *shared)
{
    server_close(&shared->server);
    folder_remove(&shared->folder);
}

static inline void use_shared_nacos(enum server_kind kind)
{
    const char *port = getenv(SHARED_NACOS);
    cr_assert_not_null(port, "Nacos has not started");
    nacos = (struct server){.kind = kind, .port.number = atoi(port)};
    snprintf(nacos.url, sizeof nacos.url, "http://127.0.0.1:%s", port);
}

static inline void use_own_nacos(enum server_kind kind)
{
    cr_assert_eq(start_nacos(&nacos, kind, &world.folder), 0, "%s", err.text);
}

/* The first settings of both services. The list is polled every second, so it expires in two. A Java server that
 * starts makes the machine busy, so PostgreSQL gets more time. */
static inline void use_registry(const char *user, const char *password)
{
    const char *const settings[] = {nacos_setting, "REGISTRIES=nacos", "CHECK_INTERVAL=2s", "DISCOVERY_CACHE_TTL=2s",
                                    "RECONCILE_INTERVAL=5s", "DATABASE_TIMEOUT=9s", user, password};
    memcpy(user_settings, settings, sizeof settings);
    memcpy(order_settings, settings, sizeof settings);
}

enum { FREE_SETTING = 9 }; /* the first that a test may use */

/* group: the test's own. */
static inline void use_nacos(const char *group)
{
    static char group_setting[64];
    nacos_group = group;
    snprintf(nacos_setting, sizeof nacos_setting, "NACOS_SERVER_ADDR=%s", nacos.url);
    snprintf(group_setting, sizeof group_setting, "NACOS_GROUP=%s", group);
    use_registry("NACOS_USERNAME=nacos", is_nacos_3() ? "NACOS_PASSWORD=" NACOS_PASSWORD : "NACOS_PASSWORD=nacos");
    user_settings[FREE_SETTING - 1] = order_settings[FREE_SETTING - 1] = group_setting;
}

/* Call this in the test itself: a check that fails in a .fini is printed by Criterion, but the test passes. */
static inline void close_nacos_scene(void)
{
    for (int i = 0; i < USERS; i++)
        if (proc_is_running(&users[i].proc))
            cr_expect_eq(service_stop(&users[i]), 0, "%s", user_id(i));
    if (proc_is_running(&orders.proc))
        cr_expect_eq(service_stop(&orders), 0);
    if (nacos.proc.pid)
        server_close(&nacos);
    close_world();
}

#endif
