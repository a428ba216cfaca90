/* http_internal: the functions that the files of the HTTP server offer each other. Only they include it.
 *
 * The files, lowest first; each uses only those above it in this list:
 *
 *     http_router.c    finds the route of a path
 *     http_state.h     the structs
 *     http_wait.c      what MHD does with a connection while its handler runs
 *     http_request.c   what a handler reads of its request
 *     http_reply.c     one reply
 *     http_stream.c    one reply that is sent piece by piece
 *     http_pool.c      requests that are used again
 *     http_slow.c      time limits for slow clients
 *     http_head.c      checks and keeps the head of a request
 *     http_dispatch.c  one request, from its first line to its handler
 *     http_arrival.c   new connections, until the first bytes arrive
 *     http_server.c    create and close; runs libmicrohttpd on our loop
 *
 * libmicrohttpd (MHD) calls back only inside MHD_run(), which http_server.c calls
 * after a batch of fibers. So no fiber runs while MHD is at work.
 */
#ifndef NET_HTTP_INTERNAL_H
#define NET_HTTP_INTERNAL_H

#include "net/http_state.h"

static inline void server_want_pump(struct http_server *server)
{
    server->pump_wanted = true;
}

static inline size_t server_in_flight(const struct http_server *server)
{
    return server->requests + server->half_heads;
}

/* Called whenever a request or a half head has ended. */
static inline void server_check_idle(struct http_server *server)
{
    if (server->idle_waiter && server_in_flight(server) == 0)
        wait_wake(server->idle_waiter);
}

/* http_wait.c: around the phase HTTP_HANDLING, while there is a connection. */
void wait_begin(struct http_request *req);
void wait_end(struct http_request *req);
void wait_suspend_all(struct http_server *server);

/* http_request.c: the methods that have a metric of their own, and "_OTHER" last. A label
 * with the method as sent would let a client create metrics without limit. */
extern const char *const http_methods[HTTP_METHODS];

/* http_reply.c: hands a reply to MHD and gives up our reference; NULL: closes the connection. */
void reply_send(struct http_request *req, int status, const char *type, struct MHD_Response *response);
/* http_reply.c: sends a whole error to the socket without MHD, and asks the client to close. */
void reply_raw(struct http_request *req, int fd, int status, const char *detail);

/* http_stream.c: the handler has returned; no fiber and no connection uses the request; the server drains. */
void stream_end(struct http_request *req);
void stream_free(struct http_request *req);
void streams_wake_all(struct http_server *server);

/* http_pool.c. NULL: out of memory. */
struct http_request *request_new(struct http_server *server);
/* Called by MHD's callback or the handler's fiber, whichever ends last. */
void request_give_back(struct http_request *req);
void requests_free_pool(struct http_server *server);

/* http_slow.c */
void connection_on_change(void *server, struct MHD_Connection *mhd, void **connection,
                          enum MHD_ConnectionNotificationCode what);
/* Checks the next `count` connections. */
void slow_sweep(struct http_server *server, size_t count);
/* Called when the first line of a request has arrived. Returns when its first byte arrived. */
int64_t slow_take_head(struct http_connection *connection);

/* http_head.c */
void request_set_id(struct http_request *req, const char *given); /* NULL, or not a valid id: a new one */
/* Fills the request; may reply already (phase HTTP_REPLYING). */
void request_read_head(struct http_request *req, struct MHD_Connection *mhd, const char *method, const char *version);

/* http_dispatch.c: MHD's callbacks. */
void *request_begin(void *server, const char *target, struct MHD_Connection *mhd);
enum MHD_Result request_on_call(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
                                const char *version, const char *upload, size_t *upload_len, void **request);
void request_end(void *server, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode how);
/* Sends an error for a request that MHD must not read. */
void request_reject_raw(struct http_server *server, int fd, int status, const char *detail);

/* http_arrival.c. False: no more can be accepted now: too many are open, or descriptors or memory are out. */
bool arrivals_accept(struct http_server *server, int listener);
void arrivals_close_silent(struct http_server *server); /* those that have sent nothing for 10 s; over the limit: HTTP_SURPLUS_MS */
void arrivals_close_all(struct http_server *server);

#endif
