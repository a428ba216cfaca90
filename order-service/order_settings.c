#include "order_settings.h"

#include <string.h>

#include "client/service_client.h"
#include "discovery/discovery.h"
#include "service/settings.h"
#include "service/settings_check.h"

static int check_canary(const char *value)
{
    struct canary ignored;
    return settings_check_printable(value) == 0 ? canary_parse(value, &ignored) : -1;
}

void order_settings_table(struct order_settings *s, struct env_var table[ORDER_SETTINGS_COUNT])
{
    const struct env_var rows[ORDER_SETTINGS_COUNT] = {
        {"USER_SERVICE_NAME", ENV_TEXT, "user-service", &s->user_service, .check = settings_check_name,
         .accepts = SERVICE_NAME_ACCEPTS, .help = "the service to discover and call"},
        {"USER_SERVICE_VERSION", ENV_TEXT, "", &s->user_version, .max = 128, .check = settings_check_printable,
         .accepts = "at most 128 bytes of printable UTF-8 text",
         .help = "only instances of this version are called (for example 2.0.0); empty: of any version"},
        {"USER_SERVICE_TAGS", ENV_TEXT, "", &s->user_tags, .max = 1024, .check = settings_check_printable,
         .accepts = "at most 1024 bytes of printable UTF-8 text, comma-separated",
         .help = "only instances with all of these tags are called (for example v1,c); empty: with any tags"},
        {"USER_SERVICE_CANARY", ENV_TEXT, "", &s->user_canary, .check = check_canary, .accepts = CANARY_ACCEPTS,
         .help = "the instances of this version, or with this tag, get the calls for this share of the users; "
                 "the user's id decides; empty: no canary"},
        {"DISCOVERY_CACHE_TTL", ENV_DURATION, "30s", &s->cache_ttl_ms, .min = 1000, .max = 3600000,
         .help = "a list that no registry has confirmed for this long counts as stale; it is still used"},
        {"DISCOVERY_MODE", ENV_CHOICE, "watch", &s->mode, .choices = DISCOVERY_MODE_NAMES,
         .help = "watch: a query waits in the registry for a change; poll: a query every half TTL"},
        {"DISCOVERY_SNAPSHOT_DIR", ENV_TEXT, "", &s->snapshot_dir, .max = 3800, .accepts = "a folder",
         .help = "where the last good lists are saved; empty: not saved"},
        {"STATIC_INSTANCES", ENV_TEXT, "", &s->static_instances, .check = discovery_check_static,
         .accepts = "services with their instances, such as "
                    "user-service=127.0.0.1:8001,127.0.0.1:8002;other-service=127.0.0.1:9001",
         .help = "static fallback"},
        {"LB_POLICY", ENV_CHOICE, "weighted", &s->policy, .choices = BALANCE_POLICY_NAMES,
         .help = "how an instance is picked; the key of consistent_hash is the user's id"},
        {"LB_SLOW_START", ENV_DURATION, "0s", &s->slow_start_ms, .max = 3600000,
         .help = "an instance that is new, healthy again, or back from an ejection gets its full share only after this "
                 "time; 0: at once"},
        {"CALL_TIMEOUT", ENV_DURATION, "3s", &s->call_timeout_ms, .min = 10, .max = 300000,
         .help = "for a call, including all its attempts"},
        {"CALL_ATTEMPTS", ENV_INT, "3", &s->call_attempts, .min = 1, .max = SERVICE_ATTEMPTS_MAX,
         .help = "attempts of a call, each on another instance"},
        {"CALL_BACKUP_AFTER", ENV_DURATION, "0", &s->backup_after_ms, .max = 300000,
         .help = "a call without a reply for this long is sent to a second instance, too; 0: never"},
    };
    memcpy(table, rows, sizeof rows);
}
