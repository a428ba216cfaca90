/* etcd_http: one request to an etcd cluster, and its reply.
 *
 * Any member of the cluster can reply: registry/servers.h. If a member requires a login, this logs in with the
 * user and password of its URL. User, password and token go into requests and nowhere else: never
 * into a log line or an error.
 */
#ifndef REGISTRY_ETCD_HTTP_H
#define REGISTRY_ETCD_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "registry/servers.h"

enum {
    ETCD_TOKEN_MAX = 2048,            /* bytes; a simple token has 20, a signed one a few hundred */
    ETCD_REPLY_CAP = 8 * 1024 * 1024, /* bytes of one reply; etcd accepts requests of at most 1.5 MB */
};

/* All fields are private. */
struct etcd_http {
    struct servers members;
    char token_header[ETCD_TOKEN_MAX + 32]; /* "" until a member has required a login */
};

/* ETCD_ENDPOINTS: a comma-separated list of http[s]://[user:password@]host:port. 0 or -1, for the check of a setting. */
int etcd_check_endpoints(const char *endpoints);
/* -1: ERR_INVALID, or out of memory. */
int etcd_http_open(struct etcd_http *http, const char *endpoints, struct http_client *client, struct err *err);
void etcd_http_close(struct etcd_http *http);

/* POSTs `body`. 0: a member replied, whatever the status. After no reply or a 5xx the next member is tried;
 * the result is that of the last one. */
int etcd_http_call(struct etcd_http *http, const char *path, const struct buf *body, int64_t deadline,
                   struct http_response *response, struct err *err);
/* POSTs `body` to one member, and passes on the reply as it arrives, until on_data returns false, the
 * deadline passes or the reply ends. Does not report how it ended. */
void etcd_http_stream(struct etcd_http *http, const char *path, const struct buf *body, int64_t deadline,
                      bool (*on_data)(void *arg, const char *bytes, size_t len), void *arg);

/* Sets err to a reply's status and etcd's reason. Returns -1. */
int etcd_http_error(const struct http_response *response, struct err *err);

#endif
