/* service: the chassis, the part that every service has in common.
 *
 * A service is a table of settings, a table of routes, a table of health probes,
 * and two functions that open and close the service's own parts. The chassis does the
 * rest: arguments and environment, the loop, the HTTP server, /health,
 * /health/live and /metrics, registration, drain, exit. So main.c only connects the parts:
 *
 *     int main(int argc, char **argv)
 *     {
 *         static struct app app;
 *         static const struct service_definition definition = {.name = "user-service", …, .app = &app};
 *         return service_main(&definition, argc, argv);
 *     }
 *
 * The start has this order: settings, app, listen, register. So a registered
 * instance can already reply. No step waits for a dependency.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stddef.h>

#include "service/service_definition.h"
#include "service/settings.h"

/* Runs the service to its end; returns the exit code. */
int service_main(const struct service_definition *definition, int argc, char **argv);

void *service_app(const struct service *service);
const struct settings *service_settings(const struct service *service);
struct http_client *service_http(const struct service *service);
/* How many calls to other services may run at the same time. */
size_t service_max_calls(const struct service *service);
/* The registries, most trusted first; *count of them. Borrowed. */
struct registry *const *service_registries(const struct service *service, size_t *count);

#endif
