/* http_internal: what the files of the HTTP server share. Nobody else includes it.
 *
 *     http_server.c   life, and the place of libmicrohttpd in our loop
 *     http_request.c  one request, from its first line to its handler
 *     http_head.c     what has to be right in a head
 *     http_wait.c     what MHD does while a handler runs
 *     http_reply.c    one reply
 *     http_slow.c     no client may take for ever
 *     http_router.c   path -> route
 *
 * libmicrohttpd (MHD) calls back inside MHD_run(), which only server_pump()
 * calls, after a batch of fibers. So no fiber runs while MHD is at work.
 */
#ifndef NET_HTTP_INTERNAL_H
#define NET_HTTP_INTERNAL_H

#include <microhttpd.h>

#include "loop/sync.h"
#include "net/http_router.h"
#include "net/http_server.h"

enum {
    HTTP_ID_MAX = 128,
    HTTP_QUERY_MAX = 8,
    HTTP_QUICK_MAX = 128, /* see http_wait.c */
    HTTP_METHODS = 10,
};

/* Those that are told apart in numbers, lest a client make up new ones without end; the last: "_OTHER". */
extern const char *const http_methods[HTTP_METHODS];

enum http_phase {
    HTTP_HEAD,     /* the first line is there, the rest of the head is not */
    HTTP_BODY,     /* the head is there, the body is not */
    HTTP_HANDLING, /* its fiber runs */
    HTTP_REPLYING, /* the reply is MHD's to send */
};

struct http_pair {
    struct http_text name, value;
};

struct http_request {
    struct http_server *server;
    struct http_connection *connection; /* NULL once it has been answered or is lost */
    enum http_phase phase;
    int64_t began_ms; /* the phase: see http_slow.c */
    int64_t began_us; /* the whole head was there */
    const char *method;     /* MHD's: gone when the client is */
    int known_method;       /* its place in http_methods */
    const char *raw_target; /* where MHD has it, until the head is there … */
    size_t raw_len;         /* … up to the first NUL */
    struct buf target;      /* as sent: path and query */
    struct buf parts;  /* the same, taken apart */
    struct buf head;   /* name '\0' value '\0' … */
    struct http_match match;
    struct http_pair query[HTTP_QUERY_MAX];
    size_t query_count;
    char id[HTTP_ID_MAX + 1];
    bool chunked, too_large;
    struct buf body;
    struct buf headers; /* of the reply, in the same way */
    bool suspended;     /* MHD was told to leave the connection alone */
    size_t quick_index; /* else its place in server->quick */
    bool handled;       /* no fiber uses it, or no more */
    struct http_request *next_free;
};

struct http_connection {
    struct http_server *server;
    struct http_connection *prev, *next; /* the ring in which http_slow.c goes round */
    struct MHD_Connection *mhd;
    int fd;
    struct http_request *request; /* NULL between requests */
    uint64_t consumed;            /* bytes of the requests that are complete … */
    bool consumed_unknown;        /* … not known after a chunked one */
    bool used;                    /* had a request */
    bool cut;                     /* was shut down for being slow */
    int64_t since_ms;             /* accepted, or the last request ended */
    int64_t head_began_ms;        /* of the next request; 0: not seen */
};

struct http_server {
    struct http_server_config config;
    struct MHD_Daemon *mhd;
    uint16_t port;
    bool listening, draining, closing;

    struct http_handles *handles; /* libuv's: http_server.c alone knows them */
    bool pump_wanted, uploading;

    struct http_connection *ring; /* the next one to be looked at */
    size_t connections;
    size_t requests;   /* begun and not answered to the last byte */
    size_t half_heads; /* connections with a piece of a first line */
    size_t handling;   /* handlers' fibers */
    size_t active[HTTP_METHODS]; /* requests whose head is there, by method */
    struct http_request *quick[HTTP_QUICK_MAX]; /* those of them whose connection is not suspended */
    size_t quick_count;
    int64_t last_call_ms;
    struct group handlers;
    struct wait *closer; /* waits for nothing to be in flight */
    struct http_request *free_requests;
    size_t free_count;
};

/* http_server.c */
void server_want_pump(struct http_server *server);
/* To be called when a request or a half head ended. */
void server_check_idle(struct http_server *server);

/* http_request.c: MHD's callbacks, and the pool. */
void *request_begin(void *server, const char *target, struct MHD_Connection *mhd);
enum MHD_Result request_on_call(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
                                const char *version, const char *upload, size_t *upload_len, void **request);
void request_end(void *server, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode how);
void requests_free_pool(struct http_server *server);

/* http_head.c: fills the request; it may have replied already (phase HTTP_REPLYING). */
void head_is_there(struct http_request *req, struct MHD_Connection *mhd, const char *method, const char *version);

/* http_wait.c: around the phase HTTP_HANDLING, while there is a connection. */
void wait_begin(struct http_request *req);
void wait_end(struct http_request *req);
void wait_suspend_all(struct http_server *server);

/* http_reply.c */
/* The bytes of a whole 408, for a connection that MHD cannot be made to answer on. */
void reply_timeout_raw(struct http_request *req);

/* http_slow.c */
void connection_on_change(void *server, struct MHD_Connection *mhd, void **connection,
                          enum MHD_ConnectionNotificationCode what);
/* Looks at the next `count` connections. */
void slow_sweep(struct http_server *server, size_t count);
/* The first line of a request is there: when did its first byte come? */
int64_t slow_take_head(struct http_connection *connection);

#endif
