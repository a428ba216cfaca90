/* user-service: the lesson's provider. This file only connects the parts. */
#include <stdio.h>

#include "app.h"
#include "routes.h"
#include "service/probes.h"
#include "service/service.h"

enum {
    READ_CONNECTIONS = 2,        /* pipelined; more connections make it slower */
    TRANSACTION_CONNECTIONS = 4, /* enough: POST is rare here */
};

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
    app->redis = redis_new(app->redis_url, "user:0"); /* ids begin with 1 */
    app->users = users_new(app->pg, app->redis, settings->database_timeout_ms);
    if (!app->pg || !app->redis || !app->users)
        return err_set(err, ERR_FAILED, "out of memory");
    return 0;
}

static void close_app(void *arg)
{
    struct app *app = arg;
    users_free(app->users);
    if (app->redis)
        redis_close(app->redis);
    if (app->pg)
        pg_close(app->pg);
}

static int check_postgres(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err)
{
    static const struct pg_statement any_user = {"any_user", "SELECT FROM users LIMIT 1", 0};
    struct app *app = arg;
    struct err no_writes = ERR_INIT;
    if (probe_postgres(app->pg, &any_user, deadline, err) != 0)
        return -1;
    /* Users are read far more often than added: the service stays healthy, and the detail names it. */
    if (pg_check_writable(app->pg, deadline, &no_writes) != 0)
        snprintf(detail, HEALTH_DETAIL_MAX, "only reads work: %s", no_writes.text);
    return 0;
}

static int check_redis(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err)
{
    struct app *app = arg;
    (void)detail;
    return redis_probe(app->redis, deadline, err);
}

static void write_metrics(void *arg, struct buf *out)
{
    struct app *app = arg;
    users_metrics(app->users, out);
    pg_metrics(app->pg, out);
    redis_metrics(app->redis, out);
}

int main(int argc, char **argv)
{
    static struct app app;
    static const struct env_var vars[] = {
        {"REDIS_URL", ENV_TEXT, "redis://127.0.0.1:6379/0", &app.redis_url, .check = redis_check_url,
         .accepts = "redis://[user:password@]host[:port][/db], such as redis://127.0.0.1:6379/0",
         .help = "Redis to use as the cache", .secret = true},
    };
    static const struct health_probe probes[] = {
        {"postgres", .vital = true, .check = check_postgres},
        {"redis", .vital = true, .check = check_redis},
    };
    const struct service_definition definition = {
        .name = "user-service",
        .port = "8001",
        .vars = vars,
        .var_count = sizeof vars / sizeof *vars,
        .routes = user_routes,
        .route_count = user_route_count,
        .probes = probes,
        .probe_count = sizeof probes / sizeof *probes,
        .open = open_app,
        .close = close_app,
        .metrics = write_metrics,
        .app = &app,
    };
    return service_main(&definition, argc, argv);
}
