/* etcd_http: one question to an etcd cluster, and its answer.
 *
 * Any member can answer. So a question goes to the one that answered last, and
 * where that fails, to the next: each gets its share of the time. Logs in where a
 * member asks for it, with what its URL says. User, password and token go into
 * requests and nowhere else: never into a log or an error.
 */
#ifndef REGISTRY_ETCD_HTTP_H
#define REGISTRY_ETCD_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/http_client.h"
#include "net/url.h"

enum {
    ETCD_TOKEN_MAX = 2048,          /* bytes; a simple token has 20, a signed one some hundred */
    ETCD_REPLY_CAP = 8 * 1024 * 1024, /* of one reply; etcd takes requests of at most 1.5 MB */
};

/* All fields are private. */
struct etcd_http {
    struct http_client *client;
    struct url *endpoints;
    size_t count, at; /* the one to ask */
    struct http_tls tls;
    char token_header[ETCD_TOKEN_MAX + 32]; /* "" until a member has asked for one */
};

/* -1: ERR_INVALID, or out of memory. */
int etcd_http_open(struct etcd_http *http, const char *endpoints, struct http_client *client, struct err *err);
void etcd_http_close(struct etcd_http *http);

/* POSTs `body`. 0: a member answered, whatever the status; where one failed
 * (no answer, or a 5xx), only after all the others did as well. */
int etcd_http_call(struct etcd_http *http, const char *path, const struct buf *body, int64_t deadline,
                   struct http_response *response, struct err *err);
/* POSTs `body` to one member and listens to what comes, until on_data says false,
 * the deadline passes or the member ends it. Nothing is said of how it ended. */
void etcd_http_listen(struct etcd_http *http, const char *path, const struct buf *body, int64_t deadline,
                      bool (*on_data)(void *arg, const char *bytes, size_t len), void *arg);

/* Makes an error of an answer that we did not hope for. Returns -1. */
int etcd_http_refused(const struct http_response *response, struct err *err);

#endif
