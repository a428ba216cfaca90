/* nacos_exchange: one request of the Nacos registry and its replies. Shared by the two halves of the registry:
 * nacos.c, where an instance registers, and nacos_fetch.c, where callers read the list.
 */
#ifndef REGISTRY_NACOS_EXCHANGE_H
#define REGISTRY_NACOS_EXCHANGE_H

#include "registry/nacos/nacos_config.h"
#include "registry/nacos/nacos_http.h"
#include "registry/registry.h"

struct nacos {
    struct registry base;
    struct nacos_config config;
    struct nacos_http http;
    bool is_registered; /* by this process: only then heartbeats are sent */
    bool healthy;       /* as in the last heartbeat */
};

struct nacos_exchange {
    struct buf form;
    struct http_response response;
};

enum { NACOS_FORM_CAP = 32 * 1024 }; /* bytes of our own entry, percent-encoded */

#define NACOS_EXCHANGE_INIT {.form = BUF_INIT(NACOS_FORM_CAP), .response = HTTP_RESPONSE_INIT}

/* Comes before every request: the form depends on the version of the API, and on our local address. */
int nacos_prepare(struct nacos *nacos, const char *service, int64_t deadline, struct err *err);
/* For a form that could not be written. */
int nacos_fail_too_long(struct err *err);
void nacos_exchange_close(struct nacos_exchange *exchange);

#endif
