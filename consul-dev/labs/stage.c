#include "stage.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "callee.h"
#include "labs.h"

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

int consul_put(const struct server *consul, const char *path, const char *body)
{
    char url[512];
    struct probe_reply reply = {0};
    struct err err = ERR_INIT;
    snprintf(url, sizeof url, "%s%s", consul->url, path);
    const struct probe_request request = {.method = "PUT", .url = url, .body = body, .timeout_ms = 5000};
    int status = probe_send(NULL, &request, &reply, &err) == 0 ? reply.status : 0;
    probe_reply_close(&reply);
    return status;
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

const char *check_status(const struct server *consul, const char *name, const char *id, char out[STATUS_MAX])
{
    char path[128];
    size_t i;
    json_t *check;
    snprintf(path, sizeof path, "/v1/health/checks/%s", name);
    json_t *checks = consul_get(consul, path);
    *out = '\0';
    json_array_foreach(checks, i, check)
        if (strcmp(json_string_value(json_object_get(check, "ServiceID")), id) == 0)
            snprintf(out, STATUS_MAX, "%s", json_string_value(json_object_get(check, "Status")));
    json_decref(checks);
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
