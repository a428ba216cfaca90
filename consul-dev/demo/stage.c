#include "stage.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* As contract and README have them for everything that a person watches. */
#define PATIENCE "REGISTER_JITTER=2s", "CHECK_INTERVAL=1s", "CHECK_TIMEOUT=2s", "DISCOVERY_CACHE_TTL=10s", "RECONCILE_INTERVAL=5s"

/* --- Ports ------------------------------------------------------------------------- */

static int port_setting(const char *name, int fallback)
{
    const char *value = getenv(name);
    int number = value ? atoi(value) : 0;
    return number > 0 && number < 65535 ? number : fallback;
}

/* `number` where nobody listens on it, else 0: any. */
static int port_or_any(int number, const char *variable)
{
    struct err err = ERR_INIT;
    struct port port = {0};
    if (port_prefer(&port, number, &err) != 0)
        return 0;
    int got = port.number;
    port_release(&port);
    if (got == number)
        return number;
    printf("    port %d is taken, so a free one is used (%s moves it)\n", number, variable);
    return 0;
}

static int start_server(struct server *server, enum server_kind kind, const struct folder *folder, int port,
                        struct err *err)
{
    if (server_init(server, kind, folder, err) != 0)
        return -1;
    if (port && server_prefer_port(server, port, err) != 0)
        return -1;
    if (port && server->port.number != port)
        printf("    port %d is taken, so Consul gets port %d (CONSUL_PORT moves it)\n", port, server->port.number);
    return server_start(server, err);
}

/* --- Life --------------------------------------------------------------------------- */

int stage_open(struct stage *stage, struct err *err)
{
    *stage = (struct stage){.probe = probe_new()};
    struct world *world = &stage->world;
    if (folder_take(&world->folder, err) != 0 ||
        start_server(&world->postgres, SERVER_POSTGRES, &world->folder, 0, err) != 0 ||
        start_server(&world->redis, SERVER_REDIS, &world->folder, 0, err) != 0 ||
        start_server(&world->consul, SERVER_CONSUL, &world->folder, port_setting("CONSUL_PORT", 8500), err) != 0 ||
        world_load_schema(world, err) != 0)
        return -1;
    for (int i = 0; i < USERS; i++)
        stage->user_port[i] = port_or_any(port_setting("USER_PORT", 8001) + i, "USER_PORT");
    stage->order_port = port_or_any(port_setting("ORDER_PORT", 8080), "ORDER_PORT");
    return 0;
}

void stage_close(struct stage *stage)
{
    for (int i = 0; i < USERS; i++)
        service_stop(&stage->users[i]);
    service_stop(&stage->orders);
    probe_free(stage->probe);
    world_stop(&stage->world);
}

void user_id(int i, char out[32])
{
    snprintf(out, 32, "user-service-%d", i + 1);
}

int stage_start_user(struct stage *stage, int i, struct err *err)
{
    char id[32], setting[64], port[32];
    user_id(i, id);
    snprintf(setting, sizeof setting, "SERVICE_ID=%s", id);
    snprintf(port, sizeof port, "PORT=%d", stage->user_port[i]);
    const char *const env[] = {setting, port, PATIENCE, NULL};
    return service_start(&stage->users[i], &stage->world, "user-service", env, err);
}

int stage_start_orders(struct stage *stage, struct err *err)
{
    char port[32];
    snprintf(port, sizeof port, "PORT=%d", stage->order_port);
    const char *const env[] = {"SERVICE_ID=order-service-1", port, PATIENCE, NULL};
    return service_start(&stage->orders, &stage->world, "order-service", env, err);
}

struct load *stage_load(struct stage *stage)
{
    char url[SERVICE_URL_MAX];
    return load_start(service_url(&stage->orders, "/users/", url), 8, 50);
}

/* --- What order-service knows ---------------------------------------------------------- */

static json_t *get_json(struct probe *probe, const char *url)
{
    struct probe_reply reply = {0};
    json_t *json = NULL;
    if (probe_get(probe, url, &reply) == 200)
        json = json_loadb(buf_text(&reply.body), reply.body.len, 0, NULL);
    probe_reply_close(&reply);
    return json;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static void read_instance(const json_t *json, struct view *view)
{
    struct seen *seen = &view->at[view->count++];
    snprintf(seen->id, sizeof seen->id, "%s", text_of(json, "id"));
    snprintf(seen->status, sizeof seen->status, "%s", text_of(json, "status"));
    seen->ejected = json_is_true(json_object_get(json, "ejected"));
    seen->picks = json_integer_value(json_object_get(json, "picks"));
    bool good = strcmp(seen->status, "passing") == 0 || strcmp(seen->status, "warning") == 0;
    if (good && !seen->ejected)
        view->usable++;
}

void view_take(const struct service *orders, const char *service, struct view *view)
{
    char url[SERVICE_URL_MAX];
    *view = (struct view){.known = false};
    json_t *json = get_json(NULL, service_url(orders, "/discovery", url));
    const json_t *known = json_object_get(json_object_get(json, "services"), service);
    if (known) {
        view->known = true;
        snprintf(view->source, sizeof view->source, "%s", text_of(known, "source"));
        view->age_ms = json_integer_value(json_object_get(known, "age_ms"));
        view->panic = json_is_true(json_object_get(known, "panic"));
        size_t i;
        json_t *instance;
        json_array_foreach(json_object_get(known, "instances"), i, instance)
            if (view->count < VIEW_MAX)
                read_instance(instance, view);
    }
    json_decref(json);
}

const struct seen *view_find(const struct view *view, const char *id)
{
    for (int i = 0; i < view->count; i++)
        if (strcmp(view->at[i].id, id) == 0)
            return &view->at[i];
    return NULL;
}

/* --- What Consul knows -------------------------------------------------------------------- */

static json_t *consul_list(const struct stage *stage, const char *service, bool passing)
{
    char url[256];
    snprintf(url, sizeof url, "%s/v1/health/service/%s%s", stage->world.consul.url, service, passing ? "?passing" : "");
    return get_json(NULL, url);
}

int consul_count(const struct stage *stage, const char *service, bool passing)
{
    json_t *list = consul_list(stage, service, passing);
    int count = json_is_array(list) ? (int)json_array_size(list) : -1;
    json_decref(list);
    return count;
}

bool consul_has(const struct stage *stage, const char *service, const char *id, bool passing)
{
    json_t *list = consul_list(stage, service, passing);
    bool has = false;
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
        has = has || strcmp(text_of(json_object_get(entry, "Service"), "ID"), id) == 0;
    json_decref(list);
    return has;
}

/* --- Waiting and calling ------------------------------------------------------------------- */

int64_t time_until(bool (*condition)(void *arg), void *arg, int64_t limit_ms)
{
    int64_t begin = clock_ms();
    return wait_until(condition, arg, limit_ms) ? clock_ms() - begin : -1;
}

void call_orders(struct stage *stage, int id, struct called *called)
{
    char path[32], url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    snprintf(path, sizeof path, "/users/%d", id);
    called->status = probe_get(stage->probe, service_url(&stage->orders, path, url), &reply);
    probe_header(&reply, "X-Upstream", called->upstream, sizeof called->upstream);
    probe_header(&reply, "X-Discovery-Source", called->source, sizeof called->source);
    probe_header(&reply, "X-Cache", called->cache, sizeof called->cache);
    probe_reply_close(&reply);
}
