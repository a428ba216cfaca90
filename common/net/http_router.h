/* http_router: which route does a path mean? A pure function, no I/O.
 *
 * A path is split at '/' first and percent-decoded after that, so that an
 * encoded slash is a character of a segment like any other and cannot reach
 * into the next one.
 */
#ifndef NET_HTTP_ROUTER_H
#define NET_HTTP_ROUTER_H

#include <stddef.h>

#include "net/http_server.h"

struct http_match {
    int status;                     /* 200; 400: broken escape; 404; 405 */
    const struct http_route *route; /* NULL unless 200 */
    struct http_text param;         /* what {…} matched, decoded; points into the path */
    char allow[64];                 /* 405: "GET, HEAD, POST" */
};

/* `path` starts with '/' and has no query; it is taken apart in place. The
 * first route that fits wins; HEAD fits wherever GET does; {…} is never empty. */
void http_route_match(const struct http_route *routes, size_t count, const char *method, char *path,
                      struct http_match *match);

#endif
