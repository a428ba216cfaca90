#include "registry/consul/consul_predecessor.h"

#include <string.h>

#include "base/log.h"
#include "net/json.h"

enum {
    PATH_CAP = 4096,        /* bytes, percent-encoded */
    LIST_CAP = 64 * 1024,   /* bytes: few entries have our own address */
};

static bool add_search_path(struct buf *path, const struct registration_spec *spec, const char *address)
{
    char filter[1024];
    snprintf(filter, sizeof filter, "Service == \"%s\" and Address == \"%s\" and Port == %u", spec->service, address,
             spec->port);
    return buf_adds(path, "/v1/agent/services?filter=") && url_add_segment(path, filter);
}

/* 0 if the reply is 200. */
static int call_agent(struct consul_http *http, const char *method, const struct buf *path, int64_t deadline,
                      struct http_response *response)
{
    struct err ignored = ERR_INIT;
    const struct http_call call = {
        .method = method, .path = buf_text(path), .deadline = deadline, .body_cap = LIST_CAP};
    return consul_http_call(http, &call, response, &ignored) == 0 && response->status == 200 ? 0 : -1;
}

static void deregister_predecessor(struct consul_http *http, const char *id, int64_t deadline)
{
    struct buf path = BUF_INIT(PATH_CAP);
    struct http_response response = HTTP_RESPONSE_INIT;
    if (buf_adds(&path, "/v1/agent/service/deregister/") && url_add_segment(&path, id) &&
        call_agent(http, "PUT", &path, deadline, &response) == 0)
        log_info("predecessor_deregistered", log_s("registry", "consul"), log_s("id", id),
                 log_s("reason", "same address and port"));
    http_response_close(&response);
    buf_close(&path);
}

static bool text_is(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value && strcmp(value, text) == 0;
}

/* Agents before 1.5 ignore the filter and list every service. */
static bool has_our_address(const json_t *entry, const struct registration_spec *spec, const char *address)
{
    return text_is(entry, "Service", spec->service) && text_is(entry, "Address", address) &&
           json_integer_value(json_object_get(entry, "Port")) == spec->port;
}

void consul_deregister_predecessors(struct consul_http *http, const struct registration_spec *spec,
                                    const char *address, int64_t deadline)
{
    struct buf path = BUF_INIT(PATH_CAP);
    struct http_response response = HTTP_RESPONSE_INIT;
    struct err ignored = ERR_INIT;
    json_t *services = NULL, *entry;
    const char *id;
    if (add_search_path(&path, spec, address) && call_agent(http, "GET", &path, deadline, &response) == 0)
        services = json_parse_new(buf_text(&response.body), response.body.len, &ignored);
    json_object_foreach(services, id, entry)
        if (strcmp(id, spec->id) != 0 && has_our_address(entry, spec, address))
            deregister_predecessor(http, id, deadline);
    json_decref(services);
    http_response_close(&response);
    buf_close(&path);
}
