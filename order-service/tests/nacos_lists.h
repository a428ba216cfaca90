/* nacos_lists: which instances Nacos lists, and the entry of each: what its callers would get. */
#ifndef ORDER_SERVICE_TESTS_NACOS_LISTS_H
#define ORDER_SERVICE_TESTS_NACOS_LISTS_H

#include <jansson.h>

#include "nacos_requests.h"

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

#endif
