/* consul_exchange: one request of the Consul registry and its reply. Shared by the two halves of the registry:
 * consul.c, where an instance registers, and consul_fetch.c, where callers read the list.
 */
#ifndef REGISTRY_CONSUL_EXCHANGE_H
#define REGISTRY_CONSUL_EXCHANGE_H

#include "registry/consul/consul_http.h"
#include "registry/registry.h"

struct consul {
    struct registry base;
    struct consul_http http;
    bool registered;             /* at least once */
    char registered_address[ADDRESS_MAX]; /* our local address at the last registration */
    unsigned registration_token; /* http.token_changes at the last registration */
};

struct consul_exchange {
    struct buf path, body;
    struct http_response response;
};

/* In bytes. */
enum {
    CONSUL_PATH_CAP = 4096,              /* of a request's path */
    CONSUL_REGISTRATION_CAP = 64 * 1024, /* of a request's body */
};

#define CONSUL_EXCHANGE_INIT                                                                                 \
    {.path = BUF_INIT(CONSUL_PATH_CAP), .body = BUF_INIT(CONSUL_REGISTRATION_CAP), .response = HTTP_RESPONSE_INIT}

/* Each returns 0 if Consul replied, whatever the status; or -1 with err. */

/* Sends exchange->body to exchange->path; for a small reply. */
int consul_send(struct consul *consul, const char *method, struct consul_exchange *exchange, int64_t deadline,
                struct err *err);
/* Sends exchange->body to the path with the id, percent-encoded, at its end. */
int consul_send_for_id(struct consul *consul, const char *method, struct consul_exchange *exchange, const char *path,
                       const char *id, int64_t deadline, struct err *err);
/* Sends the call, which has its own path and body. */
int consul_send_call(struct consul *consul, struct consul_exchange *exchange, const struct http_call *call,
                     struct err *err);

void consul_exchange_close(struct consul_exchange *exchange);

#endif
