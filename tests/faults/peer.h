/* peer: one connection to a stand-in, on the level of bytes.
 *
 * A fault lives below HTTP as often as in it: half a body, a byte now and then, a
 * reset. So these servers write their sockets themselves: whoever plays a fault
 * has the bytes of the healthy reply, and does with them what the fault does.
 */
#ifndef FAULTS_PEER_H
#define FAULTS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/socket.h"

struct fault;

struct peer {
    int fd;
    struct socket_watch *watch;
    bool is_control;              /* of the second port, where nothing ever breaks */
    const struct fault *playing;  /* what is on while a request of this peer is answered */
    struct peer *next, **link;    /* stand.c's list of all */
};

struct request {
    char method[8], path[512], query[256]; /* as they came, still encoded; "" for no query */
    struct buf body;
    int kind; /* index into stand_config's kinds */
};

struct reply {
    int status;
    struct buf head; /* header lines beside Content-Length, each with its CRLF */
    struct buf body;
};

/* The next request, into *request (zero-initialised before the first use). False:
 * the client is gone, or sent what is no request. */
bool peer_read(struct peer *peer, struct request *request);
void request_close(struct request *request);
/* The value of a number in the query, `fallback` where there is none: "index=7&wait=10000ms". */
int64_t request_number(const struct request *request, const char *name, int64_t fallback);

/* False: the client is gone. */
bool peer_send(struct peer *peer, const void *bytes, size_t len);
bool peer_send_text(struct peer *peer, const char *text);
/* Status line and head, with this Content-Length; negative: with none. */
bool peer_send_head(struct peer *peer, const struct reply *reply, int64_t content_length);
bool peer_send_reply(struct peer *peer, const struct reply *reply); /* whole, as it should be */
void reply_close(struct reply *reply);

/* Waits until then, or until somebody wakes the peer's watch. False: the client is gone. */
bool peer_pause(struct peer *peer, int64_t deadline);
/* From now on closing the connection resets it: RST instead of FIN. */
void peer_reset_on_close(struct peer *peer);

#endif
