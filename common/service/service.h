/* service: the chassis. What every service needs and nobody wants to write twice.
 *
 * A service is a table of settings, a table of routes, a table of health probes,
 * and two functions that open and close what they share. The rest is here:
 * arguments and environment, the loop, the HTTP server, /health, /health/live
 * and /metrics, registration, drain, exit. So main.c only wires:
 *
 *     int main(int argc, char **argv)
 *     {
 *         static struct app app;
 *         static const struct service_definition definition = {.name = "user-service", …, .app = &app};
 *         return service_main(&definition, argc, argv);
 *     }
 *
 * Order of the start: settings, app, listen, register. So nobody is sent here
 * before somebody answers. Nothing in it waits for a dependency.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/err.h"
#include "net/http_server.h"
#include "service/health.h"
#include "service/registries.h"
#include "service/settings.h"

struct service;

struct service_definition {
    const char *name; /* SERVICE_NAME unless set */
    const char *port; /* PORT unless set, as text */
    const struct env_var *vars; /* settings of its own; may be NULL */
    size_t var_count;
    /* Handlers get the struct service as arg: service_app() tells the rest. */
    const struct http_route *routes;
    size_t route_count;
    const struct health_probe *probes; /* get `app`; "disk" is added to them */
    size_t probe_count;
    /* Opens what the service needs, in a fiber. 0, or -1 with err: ERR_INVALID is
     * a setting (exit code 2); an absent dependency is no error. */
    int (*open)(void *app, struct service *service, struct err *err);
    void (*close)(void *app); /* also after an open that failed */
    void (*metrics)(void *app, struct buf *out);
    void *app;
};

/* Runs it to its end; returns the exit code. */
int service_main(const struct service_definition *definition, int argc, char **argv);

void *service_app(const struct service *service);
const struct settings *service_settings(const struct service *service);
struct http_client *service_http(const struct service *service);
/* The registries, in the order of trust; *count of them. Borrowed. */
struct registry *const *service_registries(const struct service *service, size_t *count);

#endif
