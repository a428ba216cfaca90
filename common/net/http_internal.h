/* http_internal: what the files of the HTTP server share. Only they include it.
 *
 * The files, lowest first; each uses only those above it in this list:
 *
 *     http_router.c    finds the route of a path
 *     http_internal.h  the structs
 *     http_wait.c      what MHD does with a connection while its handler runs
 *     http_request.c   what a handler reads of its request
 *     http_reply.c     one reply
 *     http_stream.c    one reply that is sent piece by piece
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

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "loop/sync.h"
#include "net/http_first_head.h"
#include "net/http_router.h"
#include "net/http_server_config.h"

enum {
    HTTP_ID_MAX = 128,
    HTTP_QUERY_MAX = 8,
    HTTP_POLLED_MAX = 128, /* see http_wait.c */
    HTTP_HEAD_MAX = 32768, /* bytes; over it 431, or 414 if the first line alone is longer */
    HTTP_METHODS = 10,
};

enum http_phase {
    HTTP_HEAD,     /* the first line has arrived, the rest of the head has not */
    HTTP_BODY,     /* the head has arrived, the body has not */
    HTTP_HANDLING, /* its fiber runs */
    HTTP_REPLYING, /* MHD sends the reply */
};

struct http_pair {
    struct http_text name, value;
};

/* A reply that is sent piece by piece: see http_stream.c. */
struct http_stream {
    struct buf unsent;
    size_t sent;         /* bytes at the beginning of `unsent` that MHD has taken */
    bool suspended;      /* nothing to send: MHD ignores the connection */
    bool ended;          /* the handler has returned */
    struct wait *waiter; /* of the handler's fiber; NULL: it does not wait */
};

struct http_request {
    struct http_server *server;
    struct http_connection *connection; /* NULL once the reply is sent or the client has disconnected */
    enum http_phase phase;
    int64_t began_ms;       /* this phase: see http_slow.c */
    int64_t began_us;       /* when the whole head had arrived */
    const char *method;     /* MHD's: freed when the client disconnects */
    int known_method;       /* its index in http_methods */
    const char *raw_target; /* where MHD holds it, until the head has arrived … */
    size_t raw_len;         /* … up to the first NUL */
    struct buf target;      /* as sent: path and query */
    struct buf parts;       /* the same, split and decoded in place */
    struct buf head;        /* name '\0' value '\0' … */
    struct http_match match;
    struct http_pair query[HTTP_QUERY_MAX];
    size_t query_count;
    char id[HTTP_ID_MAX + 1];
    bool chunked, too_large;
    bool last;     /* the connection closes after the reply */
    bool absolute; /* the target named a host */
    struct buf body;
    struct buf headers;  /* of the reply, in the same form as head */
    bool suspended;      /* MHD ignores the connection until it is resumed */
    size_t polled_index; /* if it is not suspended: its index in server->polled */
    bool handled;        /* no fiber uses it */
    struct http_stream *stream; /* NULL: an ordinary reply */
    struct http_request *next_free;
};

struct http_connection {
    struct http_server *server;
    struct http_connection *prev, *next; /* the ring that http_slow.c visits in turn */
    struct MHD_Connection *mhd;
    int fd;
    struct http_request *request; /* NULL between requests */
    uint64_t consumed;            /* bytes of the requests that are complete … */
    bool consumed_unknown;        /* … not known after a chunked one */
    bool used;                    /* had a request */
    bool cut;                     /* was shut down for being slow */
    bool surplus;                 /* over max_connections when it was accepted */
    bool large;                   /* has memory for a large head; serves one request */
    char first_length[HTTP_LENGTH_MAX + 1]; /* of the first request: see struct first_head */
    bool first_is_chunked;
    int64_t since_ms;             /* accepted, or the last request ended */
    int64_t head_began_ms;        /* of the next request; 0: not seen */
};

struct http_server {
    struct http_server_config config;
    struct MHD_Daemon *mhd, *mhd_large; /* see http_arrival.c */
    int listener;
    uint16_t port;
    bool listening, draining, closing;

    struct http_handles *handles; /* libuv's; private to http_server.c */
    bool pump_wanted;             /* call MHD_run() after this batch of fibers */
    bool uploading;               /* MHD_run() read a piece of a body */

    struct http_connection *ring; /* the next one to visit */
    size_t connections;       /* MHD's */
    size_t large_connections; /* those of them in mhd_large */
    const struct first_head *adding; /* of the connection that MHD is being given */
    bool adding_surplus;
    struct http_arrival *arrivals;
    size_t arrival_count;
    size_t requests;   /* begun, and the reply is not completely sent */
    size_t half_heads; /* connections with a part of a head */
    size_t handling;   /* handlers' fibers */
    size_t active[HTTP_METHODS]; /* requests whose head has arrived, by method */
    struct http_request *polled[HTTP_POLLED_MAX]; /* in HTTP_HANDLING, and not suspended */
    size_t polled_count;
    int64_t last_call_ms;
    struct group handlers;
    struct wait *idle_waiter; /* the fiber in http_server_close; NULL: none */
    struct http_request *free_requests;
    size_t free_count;
};

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

/* http_dispatch.c: MHD's callbacks, and the pool. */
void *request_begin(void *server, const char *target, struct MHD_Connection *mhd);
enum MHD_Result request_on_call(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
                                const char *version, const char *upload, size_t *upload_len, void **request);
void request_end(void *server, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode how);
void requests_free_pool(struct http_server *server);
/* Sends an error for a request that MHD must not read. */
void request_reject_raw(struct http_server *server, int fd, int status, const char *detail);

/* http_arrival.c. False: no more can be accepted now: too many are open, or descriptors or memory are out. */
bool arrivals_accept(struct http_server *server, int listener);
void arrivals_close_silent(struct http_server *server); /* those that have sent nothing for 10 s; over the limit: HTTP_SURPLUS_MS */
void arrivals_close_all(struct http_server *server);

#endif
