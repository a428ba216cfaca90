/* grpc_internal: what the files of the gRPC health server share. Nobody else includes it.
 *
 *     grpc_health.c      life: listen, accept, close
 *     grpc_connection.c  one connection: its fiber, and the answer to each call
 *     grpc_session.c     nghttp2: from frames to calls, and from replies to frames
 *     grpc_wire.c        the bytes of a message
 *
 * nghttp2 calls back only inside session_receive() and session_send(); a
 * callback records what it is told in a call and does nothing else.
 */
#ifndef NET_GRPC_INTERNAL_H
#define NET_GRPC_INTERNAL_H

#include <nghttp2/nghttp2.h>

#include "loop/sync.h"
#include "grpc/grpc_health.h"
#include "grpc/grpc_wire.h"
#include "net/socket.h"

enum {
    GRPC_CONNECTIONS_MAX = 64, /* a Consul agent needs one at a time */
    GRPC_CALLS_MAX = 16,       /* at once, on one connection */
    GRPC_HEAD_MAX = 8192,      /* bytes of names and values in a request's head */
    GRPC_BODY_MAX = 512,       /* a service's name and a few bytes */
};

enum grpc_phase {
    CALL_FREE,      /* a slot without a call */
    CALL_RECEIVING, /* its request is not whole */
    CALL_WHOLE,     /* to be answered */
    CALL_ASKING,    /* a fiber asks for the health */
    CALL_ANSWERED,  /* the reply is nghttp2's to send */
};

/* One stream of a connection. */
struct grpc_call {
    struct grpc_connection *connection;
    enum grpc_phase phase;
    int32_t stream;
    bool gone; /* CALL_ASKING, and the stream is closed: nobody waits for the answer */
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
    bool blocked;      /* the client does not take what we send */
    int64_t silent_at; /* clock_ms(): closed then, unless a whole request comes before */
    struct group asking;
    struct grpc_call calls[GRPC_CALLS_MAX];
};

struct grpc_health {
    struct grpc_health_config config;
    int fd;
    struct socket_watch *watch;
    size_t connections;
    struct group fibers; /* the listener's, and one for each connection */
};

/* grpc_connection.c: takes over `fd`. 0, or -1: the caller closes it. */
int connection_start(struct grpc_health *health, int fd);

/* grpc_session.c. 0, or -1: the connection is of no use any more. */
int session_open(struct grpc_connection *connection);
int session_receive(struct grpc_connection *connection); /* at most one buffer: others have their turn */
int session_send(struct grpc_connection *connection);    /* `blocked` says whether something is left */
/* Tells the client that there will be no more, as far as it listens; frees. */
void session_close(struct grpc_connection *connection);

/* Each ends the call. `why`: plain ASCII without '%'. */
void reply_health(struct grpc_call *call, bool serving);
void reply_failed(struct grpc_call *call, enum grpc_status status, const char *why);
void reply_no_grpc(struct grpc_call *call, const char *http_status);

#endif
