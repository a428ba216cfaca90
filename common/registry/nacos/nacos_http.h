/* nacos_http: one request to a Nacos registry, and its reply.
 *
 * Any server can reply: registry/servers.h. Which version of the API the
 * servers speak is found out before the first request, and again if they do not know it any more. With a user name it
 * logs in: before the first request, again before the token expires, and when a server wants a login. User, password
 * and token go into requests and nowhere else: never into a log line or an error.
 */
#ifndef REGISTRY_NACOS_HTTP_H
#define REGISTRY_NACOS_HTTP_H

#include "registry/nacos/nacos_request.h"
#include "registry/servers.h"

enum { NACOS_TOKEN_MAX = 2048 }; /* bytes; a token is a signed one of some hundred */

struct nacos_http {
    struct servers servers;
    enum nacos_api api; /* may be read; NACOS_API_UNKNOWN: nacos_http_prepare finds out */
    /* private */
    const struct nacos_config *config;
    bool namespace_is_checked;
    char token_header[NACOS_TOKEN_MAX + 32]; /* "" until the login */
    int64_t renew_ms;                        /* on clock_ms(): log in again then */
};

/* config is borrowed. -1: the addresses or the password's file cannot be used, or out of memory. Blocks while it reads
 * the file: only for the start of a program. */
int nacos_http_open(struct nacos_http *http, const struct nacos_config *config, struct http_client *client,
                    struct err *err);
void nacos_http_close(struct nacos_http *http);

struct nacos_sent {
    enum nacos_api api; /* for which the form was written */
    enum nacos_request request;
    const struct buf *form;
    size_t body_cap;
    bool (*on_data)(void *arg, const char *bytes, size_t len); /* as in struct http_call; NULL: none */
    void *on_data_arg;
};

/* Call it before each request. Finds out the version of the API, unless it is known, by a query of this service's
 * list, and copies our address on that connection to local_address. Checks that the namespace exists, which Nacos
 * itself does not. 0, or -1: no server replied as Nacos, or the namespace does not exist. */
int nacos_http_prepare(struct nacos_http *http, const char *service, char local_address[ADDRESS_MAX], int64_t deadline,
                       struct err *err);
/* Sends the request to one server. 0: it replied, whatever the status and the code in the body. */
int nacos_http_send(struct nacos_http *http, const struct url *server, const struct nacos_sent *sent, int64_t deadline,
                    struct http_response *response, struct err *err);
/* Overwrites the token in a part of a reply that may become a part of an error. nacos_http_send has done so in the
 * body. */
void nacos_http_hide(const struct nacos_http *http, struct buf *text);
/* Sends it to any server. */
int nacos_http_call(struct nacos_http *http, const struct nacos_sent *sent, int64_t deadline,
                    struct http_response *response, struct err *err);

#endif
