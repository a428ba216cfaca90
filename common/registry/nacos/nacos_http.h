/* nacos_http: one request to a Nacos registry, and its reply.
 *
 * Any server can reply, and requests stay with one while it answers: registry/servers.h. Which version of the API the
 * servers speak is found out by the first request. With a user name it logs in: before the first request, again
 * before the token expires, and when a server refuses the token. User, password and token go into requests and
 * nowhere else: never into a log line or an error.
 */
#ifndef REGISTRY_NACOS_HTTP_H
#define REGISTRY_NACOS_HTTP_H

#include "registry/nacos/nacos_wire.h"
#include "registry/servers.h"

enum { NACOS_TOKEN_MAX = 2048 }; /* bytes; a token is a signed one of some hundred */

struct nacos_http {
    struct servers servers;
    const struct nacos_config *config;
    enum nacos_api api;
    char token_header[NACOS_TOKEN_MAX + 32]; /* "" until the login */
    int64_t renew_ms;                        /* on clock_ms(): log in again then */
};

struct nacos_sent {
    enum nacos_request request;
    const struct buf *query;
    size_t body_cap;
    bool (*on_data)(void *arg, const char *bytes, size_t len); /* as in struct http_call; NULL: none */
    void *on_data_arg;
};

/* Finds out the version of the API, unless it is known: by a query of this service's list. Copies our address on the
 * connection to local_address. 0, or -1: no server replied. */
int nacos_http_find_api(struct nacos_http *http, const char *service, char local_address[ADDRESS_MAX], int64_t deadline,
                        struct err *err);
/* Sends the request to one server. 0: it replied, whatever the status and the code in the body. */
int nacos_http_send(struct nacos_http *http, const struct url *server, const struct nacos_sent *sent, int64_t deadline,
                    struct http_response *response, struct err *err);
/* Sends it to any server. */
int nacos_http_call(struct nacos_http *http, const struct nacos_sent *sent, int64_t deadline,
                    struct http_response *response, struct err *err);

#endif
