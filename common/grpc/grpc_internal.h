/* grpc_internal: what the files of the gRPC health server share. Only they include it.
 *
 * The files, lowest first; each uses only those above it in this list:
 *
 *     grpc_wire.c        the bytes of a message
 *     grpc_internal.h    the structs
 *     grpc_session.c     turns frames into calls and replies into frames, with nghttp2
 *     grpc_connection.c  one connection: its fiber, and the reply to each call
 *     grpc_health.c      create and close; accepts connections
 *
 * nghttp2 calls back only inside session_receive() and session_send(). A callback
 * stores what it receives in a struct grpc_call and does nothing else.
 */
#ifndef GRPC_INTERNAL_H
#define GRPC_INTERNAL_H

#include <nghttp2/nghttp2.h>

#include "grpc/grpc_health_config.h"
#include "grpc/grpc_wire.h"
#include "loop/sync.h"
#include "net/socket.h"

enum {
    GRPC_CONNECTIONS_MAX = 64, /* a Consul agent needs one at a time */
    GRPC_CALLS_MAX = 16,       /* at once, on one connection */
    GRPC_HEAD_MAX = 8192,      /* bytes of names and values in a request's head */
    GRPC_BODY_MAX = 512,       /* a service's name and a few bytes */
};

enum grpc_phase {
    CALL_FREE,      /* a slot without a call */
    CALL_RECEIVING, /* its request is not complete */
    CALL_RECEIVED,  /* its request is complete, and waits for its reply */
    CALL_CHECKING,  /* a fiber checks the health */
    CALL_REPLYING,  /* nghttp2 sends the reply */
};

/* One stream of a connection. */
struct grpc_call {
    struct grpc_connection *connection;
    enum grpc_phase phase;
    int32_t stream;
    bool gone; /* in CALL_CHECKING: the stream is closed, so no reply is sent */
    bool is_post, is_grpc, is_check;
    size_t head_len, body_len, sent;
    uint8_t body[GRPC_BODY_MAX];
    uint8_t reply[GRPC_HEALTH_REPLY_SIZE];
};

struct grpc_connection {
    struct grpc_health *health;
    int fd;
    struct socket_watch *watch;
    nghttp2_session *session;
    bool blocked;      /* the client does not read what we send */
    int64_t silent_at; /* clock_ms(): the connection is closed then, unless a complete request arrives before */
    struct group checks;
    struct grpc_call calls[GRPC_CALLS_MAX];
};

struct grpc_health {
    struct grpc_health_config config;
    int fd;
    struct socket_watch *watch;
    size_t connections;
    struct group fibers; /* the listener's, and one for each connection */
};

/* grpc_session.c. 0, or -1: the connection is to be closed. */
int session_open(struct grpc_connection *connection);
int session_receive(struct grpc_connection *connection); /* at most one buffer, so that other fibers run */
int session_send(struct grpc_connection *connection);    /* sets `blocked` if bytes are left */
/* Sends GOAWAY, as far as the client still reads; frees. */
void session_close(struct grpc_connection *connection);

/* Each of these ends the call. `why`: plain ASCII without '%'. */
void reply_health(struct grpc_call *call, bool serving);
void reply_failed(struct grpc_call *call, enum grpc_status status, const char *why);
void reply_http_error(struct grpc_call *call, const char *http_status); /* the request was not gRPC */

/* grpc_connection.c: takes over `fd`. 0, or -1: the caller closes it. */
int connection_start(struct grpc_health *health, int fd);

#endif
