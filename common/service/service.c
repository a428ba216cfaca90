#include "service/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/own_limit.h"
#include "grpc/grpc_health.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "net/json.h"
#include "service/arguments.h"
#include "service/chassis_routes.h"
#include "service/control_command.h"
#include "service/drain.h"
#include "service/healthcheck.h"
#include "service/listeners.h"
#include "service/live_settings.h"
#include "service/service_internal.h"

enum {
    EXIT_OK = 0,
    EXIT_CANNOT = 1,   /* cannot run here: a port is in use */
    EXIT_REJECTED = 2, /* a wrong argument or setting */

    /* Connections kept open: more than upstreams × concurrency. Connections beyond it
     * are closed after each call, which makes calls three times slower. */
    HTTP_CONNECTIONS = 1024,
    REGISTRY_CONNECTIONS = 16, /* more than the registries ever need at once */

    /* Of the file descriptors, for all but clients and calls: the loop, PostgreSQL, Redis, the registries, files. */
    FILES_KEPT = 48,
    FILES_LEAST = 40, /* for clients and calls, however low the limit is */
    FILES_FEW = 1024, /* with fewer a warning is logged */
};

void *service_app(const struct service *service)
{
    return service->definition->app;
}

const struct settings *service_settings(const struct service *service)
{
    return &service->settings;
}

struct http_client *service_http(const struct service *service)
{
    return service->http;
}

struct registry *const *service_registries(const struct service *service, size_t *count)
{
    *count = service->registries.count;
    return service->registries.at;
}

size_t service_max_calls(const struct service *service)
{
    return service->max_calls;
}

/* --- Start ------------------------------------------------------------------------ */

/* Divides the file descriptors, so that each request that is let in can also have its connection to another
 * service: seven of eight for clients, one for calls. A call is short, and a client's connection stays. */
static void divide_files(struct service *service)
{
    size_t limit = own_limit_files();
    size_t rest = limit > FILES_KEPT + FILES_LEAST ? limit - FILES_KEPT : FILES_LEAST;
    service->max_calls = rest / 8 < REQUESTS_MAX ? rest / 8 : REQUESTS_MAX;
    service->max_clients = rest - service->max_calls - HTTP_SURPLUS_MAX;
    if (limit < FILES_FEW)
        log_warn("few_file_descriptors", log_i("limit", (int64_t)limit),
                 log_i("clients", (int64_t)service->max_clients), log_i("calls", (int64_t)service->max_calls),
                 log_s("hint", OWN_LIMIT_FILES_HINT));
}

static int check_disk(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err)
{
    return disk_check(arg, deadline, detail, HEALTH_DETAIL_MAX, err);
}

static void open_health(struct service *service)
{
    static const struct health_probe disk_probe = {"disk", .vital = true, .check = check_disk};
    const struct service_definition *definition = service->definition;
    service->health.timeout_ms = service->settings.health_timeout_ms;
    service->disk.path = service->settings.disk_path;
    disk_parse_min_free(service->settings.disk_min_free, &service->disk.min_free);
    health_add(&service->health, &disk_probe, &service->disk);
    for (size_t i = 0; i < definition->probe_count; i++)
        health_add(&service->health, &definition->probes[i], definition->app);
}

static int open_routes(struct service *service, struct err *err)
{
    const struct service_definition *definition = service->definition;
    service->route_count = definition->route_count + chassis_route_count;
    service->routes = calloc(service->route_count, sizeof *service->routes);
    service->requests = route_metrics_new(service->routes, service->route_count);
    if (!service->routes || !service->requests)
        return err_set(err, ERR_FAILED, "out of memory");
    memcpy(service->routes, definition->routes, definition->route_count * sizeof *service->routes);
    memcpy(service->routes + definition->route_count, chassis_routes, chassis_route_count * sizeof *service->routes);
    return 0;
}

/* Logs a missing dependency at the start, not when the first request fails. */
static void check_dependencies(void *arg)
{
    struct service *service = arg;
    struct err err = ERR_INIT;
    if (health_evaluate(&service->health, &err) == 0)
        log_info("ready");
}

static int start(struct service *service, struct err *err)
{
    divide_files(service);
    service->http = http_client_new(HTTP_CONNECTIONS);
    if (!service->http)
        return err_set(err, ERR_FAILED, "out of memory");
    http_client_limit(service->http, service->max_calls + REGISTRY_CONNECTIONS);
    if (registries_open(&service->registries, &service->settings, service->http, err) != 0)
        return -1;
    open_health(service);
    if (open_routes(service, err) != 0)
        return -1;
    if (service->definition->open(service->definition->app, service, err) != 0)
        return -1;
    if (listeners_open(service, err) != 0)
        return -1;
    uint16_t port = http_server_port(service->server);
    if (registries_register(&service->registries, &service->settings, port, &service->health) != 0)
        return err_set(err, ERR_FAILED, "out of memory");
    if (live_settings_start(service) != 0)
        return err_set(err, ERR_FAILED, "out of memory");
    group_go(&service->background, check_dependencies, service);
    return 0;
}

/* --- Stop ------------------------------------------------------------------------- */

static void end_on_second_signal(void *arg)
{
    (void)arg;
    if (loop_next_signal(DEADLINE_NONE) == 0)
        return; /* cancelled: the drain has ended */
    log_warn("ended_by_second_signal");
    _exit(EXIT_CANNOT);
}

static void serve_until_signal(struct service *service)
{
    int signum = loop_next_signal(DEADLINE_NONE);
    log_info("signal", log_s("name", signum == SIGINT ? "SIGINT" : "SIGTERM"));
    group_go(&service->background, end_on_second_signal, NULL);
    live_settings_stop(service); /* a new weight must not register an instance that leaves */
    drain_run(service->server, &service->health, &service->registries, service->settings.drain_timeout_ms);
    service->server = NULL;
}

static void stop(struct service *service)
{
    if (service->server) /* the start failed */
        http_server_close(service->server, clock_ms());
    live_settings_stop(service);
    registries_deregister(&service->registries, clock_ms());
    grpc_health_close(service->grpc); /* it answered NOT_SERVING during the drain */
    group_cancel(&service->background);
    group_join(&service->background);
    service->definition->close(service->definition->app);
    registries_close(&service->registries);
    route_metrics_free(service->requests);
    free(service->routes);
    if (service->http)
        http_client_free(service->http);
}

static int reject_input(const struct err *err)
{
    fprintf(stderr, "%s\n", err->text);
    return EXIT_REJECTED;
}

static int report_failed_start(const struct err *err)
{
    if (err->code == ERR_INVALID)
        return reject_input(err); /* a setting that could be checked only now */
    log_error("cannot_start", log_s("error", err->text));
    return EXIT_CANNOT;
}

static void run(void *arg)
{
    struct service *service = arg;
    struct err err = ERR_INIT;
    if (start(service, &err) == 0) {
        serve_until_signal(service);
    } else {
        service->exit_code = report_failed_start(&err);
        log_set_level(LOG_ERROR); /* later failures would only hide the reason */
    }
    stop(service);
}

/* --- The program ------------------------------------------------------------------ */

static int run_loop(struct service *service)
{
    json_init();
    loop_open();
    loop_catch_signals();
    loop_run(run, service);
    loop_release_signals();
    if (loop_close() == 0)
        return service->exit_code;
    /* A call on the thread pool hangs (a dead network disk). exit() would wait for
     * that thread and hang as well. */
    fflush(NULL);
    _exit(service->exit_code);
}

static int show_help(const struct service_definition *definition, const struct settings_defaults *defaults)
{
    printf("%s: %s\n\n"
           "  --port N        listen on port N (same as PORT=N)\n"
           "  --healthcheck   call /health/live of the running instance; exit 0 if it is alive, else 1\n"
           "  --maintenance on|off [--reason TEXT]\n"
           "                  ask the running instance to go out of use, or back into use; it stays registered\n"
           "  --weight N      ask the running instance to change its weight, 1 to 65535\n"
           "  --version       print the version\n"
           "  --help          print this text\n\n"
           "Environment variables:\n",
           definition->name, "settings come from the environment");
    settings_help(stdout, defaults);
    env_help(stdout, definition->vars, definition->var_count);
    return EXIT_OK;
}

int service_main(const struct service_definition *definition, int argc, char **argv)
{
    static struct service service; /* static: a thread that hangs may use it until the process ends */
    const struct settings_defaults defaults = {definition->name, definition->port};
    struct err err = ERR_INIT;
    struct arguments arguments;
    service.definition = definition;
    if (arguments_read(argc, argv, &arguments, &err) != 0)
        return reject_input(&err);

    switch (arguments.action) {
    case ACTION_HELP:
        return show_help(definition, &defaults);
    case ACTION_VERSION:
        printf("%s %s\n", definition->name, PROJECT_VERSION);
        return EXIT_OK;
    case ACTION_HEALTHCHECK:
        if (settings_read_listener(&service.settings, &defaults, &err) != 0)
            return reject_input(&err);
        return healthcheck_run(&service.settings);
    case ACTION_CONTROL:
        if (settings_read_listener(&service.settings, &defaults, &err) != 0)
            return reject_input(&err);
        return control_command_run(&arguments, definition->name, &service.settings);
    case ACTION_SERVE:
        break;
    }
    if (settings_read(&service.settings, &defaults, &err) != 0 ||
        env_read(definition->vars, definition->var_count, &err) != 0)
        return reject_input(&err);
    log_set_level((enum log_level)service.settings.log_level);
    return run_loop(&service);
}
