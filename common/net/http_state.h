/* http_state: the state of the HTTP server: its requests, its connections and the server itself.
 *
 * Private to the files of the HTTP server: see http_internal.h. A connection has at most one request at a time.
 * A request outlives its connection if the client disconnects while the handler runs.
 */
#ifndef NET_HTTP_STATE_H
#define NET_HTTP_STATE_H

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

#endif
