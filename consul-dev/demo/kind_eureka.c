/* Eureka: it checks no instance, and has a lease for each. Its timers of 30 and 60 s are too slow for a demo.
 *
 * Auto-expiration: if an instance changes while Eureka builds its cached list, the list stays as it was before, until
 * the next change or, by default, for 180 s.
 */
#include <string.h>

#include "registry_kind.h"

static bool is_passing(const json_t *entry)
{
    return strcmp(json_string_value(json_object_get(entry, "status")), "UP") == 0;
}

const struct registry_kind registry_eureka = {
    .name = "Eureka",
    .source = "eureka",
    .server = SERVER_EUREKA,
    .options = {"--eureka.server.response-cache-update-interval-ms=1000",
                "--eureka.server.response-cache-auto-expiration-in-seconds=1",
                "--eureka.server.eviction-interval-timer-in-ms=1000",
                "--eureka.server.enable-self-preservation=false"},
    .address = "EUREKA_URL",
    .port_setting = "EUREKA_PORT",
    .port = 8761,
    .ui = "http://127.0.0.1:%d/",
    .started = "Eureka shows a change after 1 s here (default: 30 s), and evicts after 1 s (default: 60 s; if many "
               "heartbeats are missing, never)",
    .checks = "Eureka does not call /health: each instance checks PostgreSQL, Redis and disk, and reports UP or DOWN",
    .polls = "Eureka has no blocking query, as Consul has: order-service asks for the list every 4 to 6 s",
    .hung = "order-service ejects it, its lease ends, Eureka evicts it; after SIGCONT it registers again and is used; "
            "no request fails",
    .noticed = "evicted it",
    .redis_lost = "each deep check fails, and ALL instances report DOWN; order-service still calls them (fail open)",
    .list_path = "/apps/%s",
    .entries = {"application", "instance"},
    .id = {"instanceId"},
    .pause_ms = 50,
    .is_passing = is_passing,
};
