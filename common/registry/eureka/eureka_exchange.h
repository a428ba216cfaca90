/* eureka_exchange: one request of the Eureka registry and its reply. Shared by the two halves of the registry:
 * eureka.c, where an instance registers, and eureka_fetch.c, where callers read the list.
 */
#ifndef REGISTRY_EUREKA_EXCHANGE_H
#define REGISTRY_EUREKA_EXCHANGE_H

#include "registry/eureka/eureka_http.h"
#include "registry/registry.h"

struct eureka {
    struct registry base;
    struct eureka_http http;
    bool is_registered; /* by this process: only then heartbeats are sent */
    bool healthy;       /* as in the last heartbeat */
    enum instance_status written; /* the status of our entry */
    unsigned writes;              /* of our entry: begun and ended; so odd while one is being written */
};

struct eureka_exchange {
    struct buf body;
    struct http_response response;
};

/* In bytes, of our own entry. */
enum {
    EUREKA_BODY_CAP = 16 * 1024,  /* as we send it */
    EUREKA_REPLY_CAP = 64 * 1024, /* as the server shows it */
};

#define EUREKA_EXCHANGE_INIT {.body = BUF_INIT(EUREKA_BODY_CAP), .response = HTTP_RESPONSE_INIT}

/* Each returns 0 if Eureka replied with 404 or a success; or -1 with err. */

int eureka_send(struct eureka *eureka, struct eureka_exchange *exchange, const struct eureka_request *request,
                int64_t deadline, struct err *err);
/* Sends exchange->body to the path of the service; id: of the instance, or NULL. */
int eureka_send_for(struct eureka *eureka, struct eureka_exchange *exchange, const char *method,
                    const struct registration_spec *spec, const char *id, int64_t deadline, struct err *err);

void eureka_exchange_close(struct eureka_exchange *exchange);

#endif
