/* eureka_http: one request to a Eureka registry, and its reply.
 *
 * Any server can reply: registry/servers.h. The user and password of a server's URL go into HTTP's basic
 * authentication and nowhere else: never into a log line or an error.
 */
#ifndef REGISTRY_EUREKA_HTTP_H
#define REGISTRY_EUREKA_HTTP_H

#include "registry/servers.h"

struct eureka_http {
    struct servers servers;
    /* private */
    bool *path_is_known; /* for each server: it has shown that the path of its URL is Eureka's */
};

/* EUREKA_URL: a comma-separated list of http[s]://[user:password@]host:port[/path], the servers of one registry.
 * Without a path it is /eureka. 0 or -1, for the check of a setting. */
int eureka_check_url(const char *url);
/* -1: ERR_INVALID, or out of memory. */
int eureka_http_open(struct eureka_http *http, const char *url, struct http_client *client, struct err *err);
void eureka_http_close(struct eureka_http *http);

struct eureka_request {
    const char *method, *service, *id; /* id: NULL for the whole application */
    const char *override;              /* NULL; or the status that an operator sets (PUT), or that follows (DELETE) */
    const struct buf *body;            /* NULL: none */
    size_t body_cap;
    bool (*on_data)(void *arg, const char *bytes, size_t len); /* as in struct http_call; NULL: none */
    void *on_data_arg;
};

/* Sends the request to one server. As eureka_http_call, but err does not name the registry. */
int eureka_http_send(struct eureka_http *http, const struct url *server, const struct eureka_request *request,
                     int64_t deadline, struct http_response *response, struct err *err);
/* Sends it to any server. 0: a server replied with a success, or with a 404: the application or the instance is not
 * registered. -1: no server replied, or only with an error, which err names. */
int eureka_http_call(struct eureka_http *http, const struct eureka_request *request, int64_t deadline,
                     struct http_response *response, struct err *err);

#endif
