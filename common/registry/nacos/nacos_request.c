#include "registry/nacos/nacos_request.h"

#include <inttypes.h>
#include <stdio.h>

#include "net/json.h"
#include "net/url.h"

/* Nacos' own limits. */
enum { WEIGHT_MAX = 10000 };

/* --- Methods and paths --------------------------------------------------------------------- */

static const struct {
    const char *method, *path;
} requests[][NACOS_REQUESTS] = {
    [NACOS_API_V3] =
        {
            [NACOS_REGISTER] = {"POST", "/v3/client/ns/instance"},
            [NACOS_BEAT] = {"POST", "/v3/client/ns/instance"},
            [NACOS_DEREGISTER] = {"DELETE", "/v3/client/ns/instance"},
            [NACOS_LIST] = {"GET", "/v3/client/ns/instance/list"},
            [NACOS_LOGIN] = {"POST", "/v3/auth/user/login"},
            [NACOS_NAMESPACES] = {"GET", "/v3/admin/core/namespace/list"},
        },
    [NACOS_API_V1] =
        {
            [NACOS_REGISTER] = {"POST", "/v1/ns/instance"},
            [NACOS_BEAT] = {"PUT", "/v1/ns/instance/beat"},
            [NACOS_DEREGISTER] = {"DELETE", "/v1/ns/instance"},
            [NACOS_LIST] = {"GET", "/v1/ns/instance/list"},
            [NACOS_LOGIN] = {"POST", "/v1/auth/login"},
            [NACOS_NAMESPACES] = {"GET", "/v1/console/namespaces"},
        },
};

const char *nacos_method(enum nacos_api api, enum nacos_request request)
{
    return requests[api][request].method;
}

const char *nacos_path(enum nacos_api api, enum nacos_request request)
{
    return requests[api][request].path;
}

/* --- Parameters ---------------------------------------------------------------------------- */

static bool add(struct buf *form, const char *name, const char *value)
{
    return buf_addf(form, "%s%s=", form->len ? "&" : "", name) && url_add_query(form, value);
}

static bool add_service(struct buf *form, const struct nacos_config *config, const char *service)
{
    return add(form, "serviceName", service) && add(form, "namespaceId", config->namespace_id) &&
           add(form, "groupName", config->group);
}

static bool add_clusters(struct buf *form, enum nacos_api api, const char *names)
{
    return add(form, api == NACOS_API_V3 ? "clusterName" : "clusters", names);
}

bool nacos_add_list(struct buf *form, enum nacos_api api, const struct nacos_config *config, const char *service)
{
    return add_service(form, config, service) && add_clusters(form, api, "DEFAULT");
}

/* No instance has this cluster: ours have DEFAULT. */
bool nacos_add_probe(struct buf *form, enum nacos_api api, const struct nacos_config *config, const char *service)
{
    return add_service(form, config, service) && add_clusters(form, api, "none");
}

bool nacos_add_own(struct buf *form, const struct nacos_config *config, const struct registration_spec *spec,
                   const char *address)
{
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)spec->port);
    return add_service(form, config, spec->service) && add(form, "clusterName", "DEFAULT") &&
           add(form, "ip", address) && add(form, "port", port) && add(form, "ephemeral", "true");
}

bool nacos_add_login(struct buf *form, const char *username, const char *password)
{
    return add(form, "username", username) && add(form, "password", password);
}

/* In milliseconds, as text. The server's own times are 5, 15 and 30 s, in the same ratio. */
static json_t *times_new(int64_t interval_ms, int factor)
{
    return json_sprintf("%" PRId64, interval_ms * factor);
}

/* json_pack takes over each reference that a format "o" names, also when it fails. */
static json_t *metadata_new(const struct registration_spec *spec)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "id", spec->id,
                     "version", json_text_new(spec->version),
                     "zone", json_text_new(spec->zone),
                     "tags", json_text_new(spec->tags),
                     "preserved.heart.beat.interval", times_new(spec->check_interval_ms, 1),
                     "preserved.heart.beat.timeout", times_new(spec->check_interval_ms, 3),
                     "preserved.ip.delete.timeout", times_new(spec->check_interval_ms, 6));
}

/* 0 is how Nacos' console stops all calls to an instance, and its clients respect it. Nacos leaves an instance with
 * enabled=false out of the list; then callers of ours could not tell maintenance from a loss. */
static int weight_of(const struct registration_spec *spec)
{
    if (spec->maintenance == MAINTENANCE_ON)
        return 0;
    return spec->weight < WEIGHT_MAX ? spec->weight : WEIGHT_MAX;
}

bool nacos_add_instance(struct buf *form, const struct nacos_config *config, const struct registration_spec *spec,
                        const char *address, bool healthy)
{
    struct buf metadata = BUF_INIT(8 * 1024);
    char weight[16];
    snprintf(weight, sizeof weight, "%d", weight_of(spec));
    bool added = nacos_add_own(form, config, spec, address) && add(form, "weight", weight) &&
                 add(form, "healthy", healthy ? "true" : "false") &&
                 json_add_take(&metadata, metadata_new(spec)) && add(form, "metadata", buf_text(&metadata));
    buf_close(&metadata);
    return added;
}

/* Without the instance's data. Version 1 would take that for a registration, too, and version 3 ignores it. */
bool nacos_add_beat(struct buf *form, enum nacos_api api, const struct nacos_config *config,
                    const struct registration_spec *spec, const char *address)
{
    return nacos_add_own(form, config, spec, address) &&
           (api == NACOS_API_V1 || add(form, "heartBeat", "true"));
}
