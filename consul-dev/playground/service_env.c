#include "service_env.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balance/balancer.h"

/* --- The names of the policies ----------------------------------------------------- */

static const char names[] = BALANCE_POLICY_NAMES;

int policy_index(const char *name)
{
    size_t len = strlen(name);
    int index = 0;
    for (const char *at = names; at; index++) {
        const char *end = strchr(at, '|');
        size_t its_len = end ? (size_t)(end - at) : strlen(at);
        if (its_len == len && memcmp(at, name, len) == 0)
            return index;
        at = end ? end + 1 : NULL;
    }
    return -1;
}

const char *policy_name(int policy)
{
    static char name[32];
    const char *at = names;
    for (; policy > 0; policy--)
        at = strchr(at, '|') + 1;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "|"), at);
    return name;
}

/* --- The environment ---------------------------------------------------------------- */

static void add(struct service_env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct service_env *env, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(env->text[env->count], sizeof env->text[0], fmt, args);
    va_end(args);
    env->list[env->count] = env->text[env->count];
    env->list[++env->count] = NULL;
}

/* What the user has set counts, as for `make up`. */
static void add_short(struct service_env *env, const char *name, const char *fallback)
{
    const char *value = getenv(name);
    add(env, "%s=%s", name, value && *value ? value : fallback);
}

static void add_caller(struct service_env *env, const struct caller_settings *settings)
{
    add(env, "LB_POLICY=%s", policy_name(settings->policy));
    add(env, "DISCOVERY_CACHE_TTL=%ds", settings->ttl_s);
    add(env, "LB_SLOW_START=%ds", settings->slow_start_s);
    add(env, "CALL_BACKUP_AFTER=%dms", settings->backup_ms);
    if (settings->canary_percent == CANARY_OFF)
        add(env, "USER_SERVICE_CANARY=");
    else
        add(env, "USER_SERVICE_CANARY=version=" CANARY_VERSION ":%d%%", settings->canary_percent);
}

void service_env_fill(struct service_env *env, const struct model *model, const struct node *node, const char *etcd,
                      const char *folder)
{
    *env = (struct service_env){.count = 0};
    add(env, "SERVICE_NAME=%s",
        node->kind == NODE_ORDERS ? "order-service" : "user-service"); /* the observers ask for these */
    add(env, "USER_SERVICE_NAME=user-service");
    add(env, "SERVICE_ID=%s", node->id);
    add(env, "PORT=%d", node->port);
    add(env, "BIND_ADDRESS=127.0.0.1");
    add_short(env, "REGISTER_JITTER", "2s");
    add_short(env, "CHECK_INTERVAL", "1s");
    add_short(env, "CHECK_TIMEOUT", "2s");
    add_short(env, "RECONCILE_INTERVAL", "5s");
    add(env, "ETCD_ENDPOINTS=%s", etcd);
    if (node->kind == NODE_ORDERS) {
        add_caller(env, &model->settings);
        add(env, "DISCOVERY_SNAPSHOT_DIR=%s", folder); /* so that a restart for a new setting keeps its list */
        return;
    }
    add(env, "SERVICE_WEIGHT=%d", node->weight);
    add(env, "SERVICE_ZONE=%s", node->zone);
    add(env, "SERVICE_VERSION=%s", node->version);
}
