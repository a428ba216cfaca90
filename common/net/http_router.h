/* http_router: finds the route that a path belongs to. A pure function, no I/O.
 *
 * A path is split at '/' before it is percent-decoded. So an encoded slash is a
 * character of its segment like any other and cannot start a new segment.
 */
#ifndef NET_HTTP_ROUTER_H
#define NET_HTTP_ROUTER_H

#include <stddef.h>

struct http_request;

/* Bytes with a length, because they may contain a '\0'. A '\0' follows them. Borrowed. */
struct http_text {
    const char *text; /* NULL: not there */
    size_t len;
};

enum http_route_flags {
    /* /health*, /metrics, /control: does not count as traffic while draining; answered at the limit of connections */
    HTTP_ROUTE_PROBE = 1,
    HTTP_ROUTE_ALWAYS = 2, /* answered even at the limit of concurrent requests */
};

struct http_route {
    const char *method;  /* "GET" (matches HEAD too), "POST", "PUT" */
    const char *pattern; /* "/users/{id}": split at '/', then percent-decoded; at most one {…} */
    void (*handler)(struct http_request *req, void *arg);
    unsigned flags;
};

struct http_match {
    int status;                     /* 200; 400: broken escape; 404; 405 */
    const struct http_route *route; /* NULL unless 200 */
    struct http_text param;         /* what {…} matched, decoded; points into the path */
    char allow[64];                 /* 405: "GET, HEAD, POST" */
};

/* `path` starts with '/' and has no query; it is split and decoded in place. The
 * first route that matches wins. HEAD matches wherever GET does; {…} is never empty. */
void http_route_match(const struct http_route *routes, size_t count, const char *method, char *path,
                      struct http_match *match);

/* Adds a method to match->allow, with HEAD after GET, unless it is there. */
void http_allow_method(struct http_match *match, const char *method);

#endif
