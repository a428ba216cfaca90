/* known_list: the instances that an order-service knows, as GET /discovery shows them. */
#ifndef ORDER_SERVICE_TESTS_KNOWN_LIST_H
#define ORDER_SERVICE_TESTS_KNOWN_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/http_probe.h"
#include "harness/world.h"

struct list_state {
    char source[16], error[300]; /* error: "" for none */
    int listed, ejected;
    int real, passing; /* of the three real instances: how many are listed, and how many of these are passing */
};

static inline void count_instance(struct list_state *state, const json_t *instance)
{
    const char *id = json_string_value(json_object_get(instance, "id"));
    const char *status = json_string_value(json_object_get(instance, "status"));
    static const char prefix[] = "user-service-";
    state->listed++;
    state->ejected += json_is_true(json_object_get(instance, "ejected"));
    if (!id || strncmp(id, prefix, strlen(prefix)) != 0 || strlen(id) != strlen(prefix) + 1)
        return;
    state->real++;
    state->passing += status && strcmp(status, "passing") == 0;
}

/* False: no reply. */
static inline bool read_state(const struct service *orders, struct list_state *state)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    *state = (struct list_state){.source = ""};
    probe_get(NULL, service_url(orders, "/discovery", url), &reply);
    json_t *json = json_loadb(buf_text(&reply.body), reply.body.len, 0, NULL);
    const json_t *known = json_object_get(json_object_get(json, "services"), "user-service");
    const char *source = json_string_value(json_object_get(known, "source"));
    const char *error = json_string_value(json_object_get(known, "last_error"));
    snprintf(state->source, sizeof state->source, "%s", source ? source : "");
    snprintf(state->error, sizeof state->error, "%s", error ? error : "");
    size_t i;
    json_t *instance;
    json_array_foreach(json_object_get(known, "instances"), i, instance)
        count_instance(state, instance);
    json_decref(json);
    probe_reply_close(&reply);
    return known != NULL || source != NULL;
}

#endif
