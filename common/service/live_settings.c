#include "service/live_settings.h"

#include "base/log.h"
#include "service/service_internal.h"

static int apply_log_level(void *arg)
{
    struct service *service = arg;
    log_set_level((enum log_level)service->settings.log_level);
    return 0;
}

static int apply_weight(void *arg)
{
    struct service *service = arg;
    registries_set_weight(&service->registries, (int)service->settings.weight);
    return 0;
}

/* The settings that both services have. */
static void add_own(struct service *service)
{
    static const struct {
        const char *name;
        int (*apply)(void *arg);
    } table[] = {
        {"LOG_LEVEL", apply_log_level},
        {"SERVICE_WEIGHT", apply_weight},
    };
    const struct settings_defaults defaults = {service->definition->name, service->definition->port};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct env_var row = settings_row(&service->settings, &defaults, table[i].name);
        config_settings_add(&service->live_settings, &row, table[i].apply, service);
    }
}

static void add_of_definition(struct service *service)
{
    const struct service_definition *definition = service->definition;
    for (size_t i = 0; i < definition->live_setting_count; i++) {
        const struct live_setting *live = &definition->live_settings[i];
        const struct env_var *row = env_find(definition->vars, definition->var_count, live->name);
        config_settings_add(&service->live_settings, row, live->apply, definition->app);
    }
}

int live_settings_start(struct service *service)
{
    struct config_source *source = service->registries.config;
    if (!source)
        return 0;
    add_own(service);
    add_of_definition(service);
    config_watch_init(&service->config_watch, source, &service->live_settings, service->settings.reconcile_ms);
    return group_go(&service->config_fiber, config_watch_run, &service->config_watch);
}

void live_settings_stop(struct service *service)
{
    group_cancel(&service->config_fiber);
    group_join(&service->config_fiber);
}

void live_settings_metrics(const struct service *service, struct buf *out)
{
    if (service->config_watch.source)
        config_watch_metrics(&service->config_watch, out);
}
