#include "harness/view.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* --- What order-service knows ---------------------------------------------------------- */

static json_t *get_json(const char *url, int64_t limit_ms)
{
    struct probe_reply reply = {0};
    struct err err = ERR_INIT;
    json_t *json = NULL;
    if (probe_send(NULL, &(struct probe_request){.url = url, .timeout_ms = limit_ms}, &reply, &err) == 0 &&
        reply.status == 200)
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

void view_take_within(const struct service *orders, const char *service, int64_t limit_ms, struct view *view)
{
    char url[SERVICE_URL_MAX];
    *view = (struct view){.known = false};
    json_t *json = get_json(service_url(orders, "/discovery", url), limit_ms);
    const json_t *known = json_object_get(json_object_get(json, "services"), service);
    if (known) {
        view->known = true;
        snprintf(view->source, sizeof view->source, "%s", text_of(known, "source"));
        view->age_ms = json_integer_value(json_object_get(known, "age_ms"));
        snprintf(view->error, sizeof view->error, "%s", text_of(known, "last_error"));
        view->panic = json_is_true(json_object_get(known, "panic"));
        size_t i;
        json_t *instance;
        json_array_foreach(json_object_get(known, "instances"), i, instance)
            if (view->count < VIEW_MAX)
                read_instance(instance, view);
    }
    json_decref(json);
}

void view_take(const struct service *orders, const char *service, struct view *view)
{
    view_take_within(orders, service, 0, view);
}

const struct seen *view_find(const struct view *view, const char *id)
{
    for (int i = 0; i < view->count; i++)
        if (strcmp(view->at[i].id, id) == 0)
            return &view->at[i];
    return NULL;
}

void view_call(struct probe *probe, const struct service *orders, int id, struct called *called)
{
    char path[32], url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    snprintf(path, sizeof path, "/users/%d", id);
    called->status = probe_get(probe, service_url(orders, path, url), &reply);
    probe_header(&reply, "X-Upstream", called->upstream, sizeof called->upstream);
    probe_header(&reply, "X-Discovery-Source", called->source, sizeof called->source);
    probe_header(&reply, "X-Cache", called->cache, sizeof called->cache);
    probe_reply_close(&reply);
}

/* --- What Consul knows -------------------------------------------------------------------- */

static json_t *consul_list(const struct server *consul, const char *service, bool passing)
{
    char url[256];
    snprintf(url, sizeof url, "%s/v1/health/service/%s%s", consul->url, service, passing ? "?passing" : "");
    return get_json(url, 0);
}

int consul_count(const struct server *consul, const char *service, bool passing)
{
    json_t *list = consul_list(consul, service, passing);
    int count = json_is_array(list) ? (int)json_array_size(list) : -1;
    json_decref(list);
    return count;
}

bool consul_has(const struct server *consul, const char *service, const char *id, bool passing)
{
    json_t *list = consul_list(consul, service, passing);
    bool has = false;
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
        has = has || strcmp(text_of(json_object_get(entry, "Service"), "ID"), id) == 0;
    json_decref(list);
    return has;
}

/* --- Time ---------------------------------------------------------------------------- */

int64_t time_until(bool (*condition)(void *arg), void *arg, int64_t limit_ms)
{
    int64_t begin = clock_ms();
    return wait_until(condition, arg, limit_ms) ? clock_ms() - begin : -1;
}
