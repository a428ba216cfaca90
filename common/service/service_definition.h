/* service_definition: what a service hands to the chassis (service.h). */
#ifndef SERVICE_SERVICE_DEFINITION_H
#define SERVICE_SERVICE_DEFINITION_H

#include <stddef.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/err.h"
#include "net/http_server.h"
#include "service/health.h"

struct service; /* the running service */

/* One of the service's own settings that may change while it runs (service/live_settings.h). */
struct live_setting {
    const char *name; /* of its row in `vars` */
    /* Puts the value into use that is now in the row's target. 0, or -1: out of memory, and nothing has changed. */
    int (*apply)(void *app);
};

struct service_definition {
    const char *name; /* default of SERVICE_NAME */
    const char *port; /* default of PORT, as text */
    const struct env_var *vars; /* the service's own settings; may be NULL */
    size_t var_count;
    const struct live_setting *live_settings; /* may be NULL */
    size_t live_setting_count;
    /* A handler's arg is the struct service; service_app() returns `app` for it. */
    const struct http_route *routes;
    size_t route_count;
    const struct health_probe *probes; /* their arg is `app`; the chassis adds "disk" */
    size_t probe_count;
    /* Opens what the service needs, in a fiber. 0, or -1 with err: ERR_INVALID
     * means a wrong setting (exit code 2). A dependency that is down is no error. */
    int (*open)(void *app, struct service *service, struct err *err);
    void (*close)(void *app); /* also after an open that failed */
    void (*metrics)(void *app, struct buf *out);
    void *app;
};

#endif
