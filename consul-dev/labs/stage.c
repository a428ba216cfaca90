#include "stage.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "callee.h"
#include "report.h"

/* --- Start and stop ------------------------------------------------------------------ */

static int start_consul(struct world *world, const char *const options[], struct err *err)
{
    if ((!*world->folder.path && folder_take(&world->folder, err) != 0) ||
        server_init(&world->consul, SERVER_CONSUL, &world->folder, err) != 0)
        return -1;
    for (size_t i = 0; options && options[i]; i++)
        world->consul.options[i] = options[i];
    return server_start(&world->consul, err);
}

bool stage_open_consul(struct stage *stage, const char *const options[])
{
    struct err err = ERR_INIT;
    return start_consul(&stage->world, options, &err) == 0 || report_error(err.text);
}

bool stage_open_world(struct stage *stage)
{
    struct err err = ERR_INIT;
    return world_start(&stage->world, &err) == 0 || report_error(err.text);
}

/* A machine that stalls for some seconds must not fail a read or a check: no lab is about these limits. */
bool stage_start_user(struct stage *stage, int i, const char *const env[])
{
    enum { OWN = 4, ENV_MAX = 16 };
    char id[48];
    const char *all[ENV_MAX + 1] = {id, "HEALTH_TIMEOUT=20s", "CHECK_TIMEOUT=30s", "DATABASE_TIMEOUT=8s"};
    struct err err = ERR_INIT;
    snprintf(id, sizeof id, "SERVICE_ID=user-service-%d", i + 1);
    for (int n = 0; env && env[n] && n < ENV_MAX - OWN; n++)
        all[OWN + n] = env[n];
    return service_start(&stage->users[i], &stage->world, "user-service", all, &err) == 0 || report_error(err.text);
}

bool stage_start_orders(struct stage *stage, const char *const env[])
{
    struct err err = ERR_INIT;
    return service_start(&stage->orders, &stage->world, "order-service", env, &err) == 0 || report_error(err.text);
}

bool stage_start_services(struct stage *stage, int count, const char *const env[])
{
    for (int i = 0; i < count; i++)
        if (!stage_start_user(stage, i, env))
            return false;
    if (!stage_start_orders(stage, env))
        return false;
    return time_to_view(stage, NULL, count) >= 0 || report_error("order-service does not find the user-services");
}

bool stage_start_lesson(const struct stage *stage, struct proc *proc, const char *const argv[])
{
    enum { ARGS_MAX = 6 };
    const char *all[ARGS_MAX + 1] = {NULL};
    char build[PLACE_PATH_MAX], program[PLACE_PATH_MAX + 64], log[PLACE_PATH_MAX + 64], consul[160];
    struct err err = ERR_INIT;
    build_path(build);
    snprintf(program, sizeof program, "%s/lesson/%s", build, argv[0]);
    snprintf(log, sizeof log, "%s/%s.log", stage->world.folder.path, argv[0]);
    snprintf(consul, sizeof consul, "CONSUL_HTTP_ADDR=%s", stage->world.consul.url);
    all[0] = program;
    for (int i = 1; i < ARGS_MAX && argv[i]; i++)
        all[i] = argv[i];
    return proc_start(proc, all, (const char *const[]){consul, NULL}, log, &err) == 0 || report_error(err.text);
}

bool stage_open_callee(struct stage *stage)
{
    struct err err = ERR_INIT;
    if (!stage_open_consul(stage, NULL))
        return false;
    return callee_start(&stage->callee, &stage->world.folder, &stage->callee_port, &err) == 0 || report_error(err.text);
}

void stage_close(struct stage *stage)
{
    for (int i = 0; i < STAGE_USERS; i++)
        proc_signal(&stage->users[i].proc, SIGTERM); /* at once, so that they drain at the same time */
    service_stop(&stage->orders);
    for (int i = 0; i < STAGE_USERS; i++)
        service_stop(&stage->users[i]);
    proc_kill_all(&stage->callee, LIMIT_MS);
    server_close(&stage->other);
    cluster_stop(&stage->cluster);
    world_stop(&stage->world);
}

/* --- Consul's HTTP API --------------------------------------------------------------- */

int consul_put_within(const struct server *consul, const char *path, const char *body, int64_t limit_ms)
{
    char url[512];
    struct probe_reply reply = {0};
    struct err err = ERR_INIT;
    snprintf(url, sizeof url, "%s%s", consul->url, path);
    const struct probe_request request = {.method = "PUT", .url = url, .body = body, .timeout_ms = limit_ms};
    int status = probe_send(NULL, &request, &reply, &err) == 0 ? reply.status : 0;
    probe_reply_close(&reply);
    return status;
}

int consul_put(const struct server *consul, const char *path, const char *body)
{
    return consul_put_within(consul, path, body, LIMIT_MS);
}

json_t *consul_get(const struct server *consul, const char *path)
{
    char url[512];
    struct probe_reply reply = {0};
    struct err err = ERR_INIT;
    json_t *json = NULL;
    snprintf(url, sizeof url, "%s%s", consul->url, path);
    const struct probe_request request = {.url = url, .timeout_ms = LIMIT_MS};
    if (probe_send(NULL, &request, &reply, &err) == 0 && reply.status == 200)
        json = json_loadb(buf_text(&reply.body), reply.body.len, JSON_DECODE_ANY, NULL);
    probe_reply_close(&reply);
    return json;
}

bool register_callee(const struct stage *stage, const char *name, const char *id, const char *check)
{
    char body[1024];
    snprintf(body, sizeof body, "{\"Name\":\"%s\",\"ID\":\"%s\",\"Address\":\"127.0.0.1\",\"Port\":%d%s%s}", name, id,
             stage->callee_port, *check ? ",\"Check\":" : "", check);
    int status = consul_put(&stage->world.consul, "/v1/agent/service/register", body);
    if (status == 200)
        return true;
    snprintf(body, sizeof body, "cannot register %s: Consul replied %d", id, status);
    return report_error(body);
}

bool register_checked(const struct stage *stage, const char *name, const char *id, const char *path)
{
    char check[256];
    snprintf(check, sizeof check, "{\"HTTP\":\"http://127.0.0.1:%d%s\",\"Interval\":\"1s\",\"Timeout\":\"1s\"}",
             stage->callee_port, path);
    return register_callee(stage, name, id, check);
}

/* A text of the check of one instance. */
static void check_text(const struct server *consul, const char *name, const char *id, const char *field, char *out,
                       size_t size)
{
    char path[128];
    size_t i;
    json_t *check;
    snprintf(path, sizeof path, "/v1/health/checks/%s", name);
    json_t *checks = consul_get(consul, path);
    *out = '\0';
    json_array_foreach(checks, i, check) if (strcmp(json_string_value(json_object_get(check, "ServiceID")), id) == 0)
        snprintf(out, size, "%s", json_string_value(json_object_get(check, field)));
    json_decref(checks);
}

const char *check_status(const struct server *consul, const char *name, const char *id, char out[STATUS_MAX])
{
    check_text(consul, name, id, "Status", out, STATUS_MAX);
    return out;
}

const char *check_output(const struct server *consul, const char *name, const char *id, char out[OUTPUT_MAX])
{
    check_text(consul, name, id, "Output", out, OUTPUT_MAX);
    out[strcspn(out, "\r\n")] = '\0';
    return out;
}

struct awaited {
    const struct server *consul;
    const char *name, *id, *status;
};

static bool has_status(void *arg)
{
    const struct awaited *awaited = arg;
    char status[STATUS_MAX];
    return strcmp(check_status(awaited->consul, awaited->name, awaited->id, status), awaited->status) == 0;
}

int64_t time_to_status(const struct server *consul, const char *name, const char *id, const char *status)
{
    return time_until(has_status, &(struct awaited){consul, name, id, status}, LIMIT_MS);
}

struct counted {
    const struct server *consul;
    const char *name;
    int count;
};

static bool has_count(void *arg)
{
    const struct counted *counted = arg;
    return consul_count(counted->consul, counted->name, true) == counted->count;
}

int64_t time_to_passing(const struct server *consul, const char *name, int count)
{
    return time_until(has_count, &(struct counted){consul, name, count}, LIMIT_MS);
}

/* --- What order-service knows --------------------------------------------------------- */

/* What order-service should know about the user-services. */
struct expected_view {
    const struct stage *stage;
    const char *source; /* NULL: any */
    int usable;
};

static bool view_is(void *arg)
{
    const struct expected_view *expected = arg;
    struct view view;
    view_take(&expected->stage->orders, "user-service", &view);
    return view.known && view.usable == expected->usable &&
           (!expected->source || strcmp(view.source, expected->source) == 0);
}

int64_t time_to_view(const struct stage *stage, const char *source, int usable)
{
    return time_until(view_is, &(struct expected_view){stage, source, usable}, LIMIT_MS);
}

int count_successes(const struct stage *stage)
{
    int ok = 0;
    for (int i = 0; i < CALLS; i++) {
        struct called called;
        view_call(NULL, &stage->orders, 1, &called);
        ok += called.status == 200;
    }
    return ok;
}
