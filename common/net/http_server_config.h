/* http_server_config: what a server is created with, and what it reports of each request. */
#ifndef NET_HTTP_SERVER_CONFIG_H
#define NET_HTTP_SERVER_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "net/http_router.h"

enum { HTTP_BODY_MAX = 64 * 1024 }; /* of a request; over it: 413 */
/* Connections over max_connections that are accepted, only to refuse their requests. */
enum { HTTP_SURPLUS_MAX = 16, HTTP_SURPLUS_MS = 200 /* the time for their first byte: the next one waits for its place */ };

/* The result of one request. */
struct http_outcome {
    const struct http_route *route; /* NULL if none matched */
    const char *method;             /* one of RFC 9110 or PATCH, else "_OTHER"; static text */
    int status;
    int64_t duration_us;
    const struct http_request *request; /* borrowed during the call */
};

struct http_server_config {
    const char *address;   /* numeric; "0.0.0.0" */
    uint16_t port;         /* 0: any free one */
    const char *served_by; /* texts and routes: borrowed as long as the server lives */
    const struct http_route *routes;
    size_t route_count;
    void *arg;           /* for handlers and observer */
    size_t max_requests; /* concurrent; over it 503 */
    /* Over it a request gets 503 unless it is a probe, and its connection is closed; 0: 100,000. */
    size_t max_connections;
    void (*observe)(void *arg, const struct http_outcome *outcome); /* after each reply; may be NULL */
};

#endif
