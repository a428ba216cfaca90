/* Nacos: it checks no instance that registers over HTTP, but counts its heartbeats. */
#include "registry_kind.h"

static bool is_passing(const json_t *entry)
{
    return json_is_true(json_object_get(entry, "healthy"));
}

const struct registry_kind registry_nacos = {
    .name = "Nacos",
    .source = "nacos",
    .server = SERVER_NACOS,
    .address = "NACOS_SERVER_ADDR",
    .port_setting = "NACOS_PORT",
    .port = 8848,
    .started = "left out: its web UI, because run-nacos starts Nacos without its console",
    .checks = "Nacos does not call /health: each instance checks PostgreSQL, Redis and disk, and sends heartbeats",
    .polls = "over HTTP Nacos has no blocking query, as Consul has: order-service asks for the list every 4 to 6 s",
    .hung = "order-service ejects it, Nacos misses its heartbeats; after SIGCONT it is used again; no request fails",
    .noticed = "marked it unhealthy",
    .redis_lost = "each deep check fails, and ALL instances report that they are unhealthy; order-service still calls "
                  "them (fail open)",
    .list_path = "/nacos/v3/client/ns/instance/list?serviceName=%s",
    .entries = {"data"},
    .id = {"metadata", "id"},
    .pause_ms = 50,
    .is_passing = is_passing,
};
