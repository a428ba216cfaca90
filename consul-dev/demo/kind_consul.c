/* Consul: the registry that `make demo` shows without REGISTRY. It checks each instance itself. */
#include <string.h>

#include "registry_kind.h"

static bool is_passing(const json_t *entry)
{
    size_t i;
    json_t *check;
    json_array_foreach(json_object_get(entry, "Checks"), i, check)
        if (strcmp(json_string_value(json_object_get(check, "Status")), "passing") != 0)
            return false;
    return true;
}

const struct registry_kind registry_consul = {
    .name = "Consul",
    .source = "consul",
    .server = SERVER_CONSUL,
    .address = "CONSUL_HTTP_ADDR",
    .port_setting = "CONSUL_PORT",
    .port = 8500,
    .ui = "http://127.0.0.1:%d/ui",
    .checks = "Consul sends health checks: GET /health, a deep check of PostgreSQL, Redis and disk",
    .hung = "order-service ejects it, Consul marks it critical; after SIGCONT it is used again; no request fails",
    .noticed = "marked it critical",
    .redis_lost = "each deep check fails, and Consul marks ALL instances critical; order-service still calls them "
                  "(fail open)",
    .list_path = "/v1/health/service/%s",
    .id = {"Service", "ID"},
    .is_passing = is_passing,
};
