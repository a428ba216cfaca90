#include "registry_kind.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/http_probe.h"
#include "harness/world.h"

static json_t *member(json_t *json, const char *const names[])
{
    for (; *names; names++)
        json = json_object_get(json, *names);
    return json;
}

/* The entries; NULL: no reply. 404 is Eureka's way to say that there are none. */
static json_t *list_of(const struct registry_kind *kind, const struct server *server, const char *service)
{
    char path[128], url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    struct err err = ERR_INIT;
    usleep((useconds_t)kind->pause_ms * 1000);
    snprintf(path, sizeof path, kind->list_path, service);
    snprintf(url, sizeof url, "%s%s", server->url, path);
    const char *const headers[] = {"Accept: application/json", NULL}; /* Eureka would send XML */
    const struct probe_request request = {.url = url, .headers = headers};
    json_t *entries = NULL;
    if (probe_send(NULL, &request, &reply, &err) == 0 && reply.status == 200) {
        json_t *json = json_loadb(buf_text(&reply.body), reply.body.len, 0, NULL);
        entries = json_incref(member(json, kind->entries));
        json_decref(json);
    } else if (reply.status == 404) {
        entries = json_array();
    }
    probe_reply_close(&reply);
    return entries;
}

static bool is_wanted(const struct registry_kind *kind, json_t *entry, const char *id)
{
    const char *its_id = json_string_value(member(entry, kind->id));
    return !id || (its_id && strcmp(its_id, id) == 0);
}

/* id NULL: of all ids. */
static int count(const struct registry_kind *kind, const struct server *server, const char *service, const char *id,
                 bool passing)
{
    json_t *entries = list_of(kind, server, service);
    int number = entries ? 0 : -1;
    size_t i;
    json_t *entry;
    json_array_foreach(entries, i, entry)
        number += is_wanted(kind, entry, id) && (!passing || kind->is_passing(entry));
    json_decref(entries);
    return number;
}

int registry_count(const struct registry_kind *kind, const struct server *server, const char *service, bool passing)
{
    return count(kind, server, service, NULL, passing);
}

bool registry_has_passing(const struct registry_kind *kind, const struct server *server, const char *service,
                          const char *id)
{
    return count(kind, server, service, id, true) > 0;
}
