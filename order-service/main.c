/* order-service: the lesson's caller. This file creates its parts and connects them. */
#include "app.h"
#include "discovery/discovery.h"
#include "probes.h"
#include "routes.h"
#include "service/service.h"

enum {
    READ_CONNECTIONS = 2, /* pipelined; more connections are slower */
    TRANSACTION_CONNECTIONS = 8,
};

static int open_discovery(struct app *app, struct service *service)
{
    const struct settings *settings = service_settings(service);
    size_t count;
    struct registry *const *registries = service_registries(service, &count);
    const struct discovery_config discovery = {
        .registries = registries,
        .registry_count = count,
        .ttl_ms = app->settings.cache_ttl_ms,
        .mode = (enum discovery_mode)app->settings.mode,
        .retry_cap_ms = settings->reconcile_ms,
        .static_instances = app->settings.static_instances,
        .snapshot_dir = app->settings.snapshot_dir,
    };
    app->discovery = discovery_new(&discovery);
    if (!app->discovery || discovery_watch(app->discovery, app->settings.user_service) != 0)
        return -1;

    app->route = (struct route){.version = app->settings.user_version, .tags = app->settings.user_tags};
    if (canary_parse(app->settings.user_canary, &app->route.canary) != 0)
        return -1;
    const struct service_client_config client = {
        .discovery = app->discovery,
        .http = service_http(service),
        .policy = (enum balance_policy)app->settings.policy,
        .slow_start_ms = app->settings.slow_start_ms,
        .call_timeout_ms = app->settings.call_timeout_ms,
        .call_attempts = (int)app->settings.call_attempts,
        .backup_after_ms = app->settings.backup_after_ms,
        .id = settings->id,
        .zone = settings->zone,
        .route = app->route,
        .max_calls = service_max_calls(service),
    };
    app->client = service_client_new(&client);
    return app->client ? 0 : -1;
}

static int open_app(void *arg, struct service *service, struct err *err)
{
    struct app *app = arg;
    const struct settings *settings = service_settings(service);
    const struct pg_config config = {
        .url = settings->database_url,
        .timeout_ms = settings->database_timeout_ms,
        .read_connections = READ_CONNECTIONS,
        .transaction_connections = TRANSACTION_CONNECTIONS,
    };
    app->pg = pg_new(&config);
    if (!app->pg || open_discovery(app, service) != 0)
        return err_set(err, ERR_FAILED, "out of memory");
    app->orders = (struct orders){
        .store = {.pg = app->pg, .timeout_ms = settings->database_timeout_ms},
        .users = {.client = app->client, .service = app->settings.user_service},
    };
    return 0;
}

static void close_app(void *arg)
{
    struct app *app = arg;
    if (app->discovery)
        discovery_stop(app->discovery);
    service_client_free(app->client);
    discovery_free(app->discovery);
    if (app->pg)
        pg_close(app->pg);
}

static void write_metrics(void *arg, struct buf *out)
{
    struct app *app = arg;
    service_client_metrics(app->client, out);
    discovery_metrics(app->discovery, out);
    pg_metrics(app->pg, out);
}

/* --- Settings that change while it runs --------------------------------------------- */

static int apply_policy(void *arg)
{
    struct app *app = arg;
    return service_client_set_policy(app->client, (enum balance_policy)app->settings.policy);
}

static int apply_cache_ttl(void *arg)
{
    struct app *app = arg;
    discovery_set_ttl(app->discovery, app->settings.cache_ttl_ms);
    return 0;
}

static int apply_call_timeout(void *arg)
{
    struct app *app = arg;
    service_client_set_call_timeout(app->client, app->settings.call_timeout_ms);
    return 0;
}

static int apply_canary(void *arg)
{
    struct app *app = arg;
    struct canary canary;
    return canary_parse(app->settings.user_canary, &canary) == 0 ? service_client_set_canary(app->client, &canary) : -1;
}

static const struct live_setting live_settings[] = {
    {"LB_POLICY", apply_policy},
    {"USER_SERVICE_CANARY", apply_canary},
    {"DISCOVERY_CACHE_TTL", apply_cache_ttl},
    {"CALL_TIMEOUT", apply_call_timeout},
};

int main(int argc, char **argv)
{
    static struct app app;
    struct env_var vars[ORDER_SETTINGS_COUNT];
    order_settings_table(&app.settings, vars);
    const struct service_definition definition = {
        .name = "order-service",
        .port = "8080",
        .vars = vars,
        .var_count = ORDER_SETTINGS_COUNT,
        .live_settings = live_settings,
        .live_setting_count = sizeof live_settings / sizeof *live_settings,
        .routes = order_routes,
        .route_count = order_route_count,
        .probes = order_probes,
        .probe_count = order_probe_count,
        .open = open_app,
        .close = close_app,
        .metrics = write_metrics,
        .app = &app,
    };
    return service_main(&definition, argc, argv);
}
