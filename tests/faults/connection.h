/* connection: one connection of a client to a stand-in, at the level of bytes.
 *
 * Many faults are below HTTP: half a body, one byte at a time, a reset. So these servers
 * write to their sockets directly: a fault gets the healthy reply, and decides which
 * bytes of it are sent, and when.
 */
#ifndef FAULTS_CONNECTION_H
#define FAULTS_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/socket.h"

struct fault;

struct connection {
    int fd;
    struct socket_watch *watch;
    bool is_control;              /* to the control port, which has no faults */
    const struct fault *fault;    /* the fault that was on when the current request was answered */
    struct connection *next, **link; /* stand_in.c's list of all connections */
};

struct request {
    char method[8], path[512], query[2048]; /* as received, still encoded; query: "" for none */
    struct buf head, body;
    int kind; /* index into the kinds of struct stand_in_config */
};

struct reply {
    int status;
    struct buf head; /* header lines except Content-Length, each with its CRLF */
    struct buf body;
};

/* Reads the next request into *request (zero-initialised before the first use). False:
 * the client has closed the connection, or sent bytes that are not a request. */
bool connection_read(struct connection *connection, struct request *request);
void request_close(struct request *request);
/* A number in the query, as in "index=7&wait=10s"; `fallback` if the name is not there. */
int64_t request_number(const struct request *request, const char *name, int64_t fallback);
/* A duration in the query, such as 10s, 5m or 500ms, in ms; `fallback` if the name is not there, or is none. */
int64_t request_duration_ms(const struct request *request, const char *name, int64_t fallback);
/* A parameter of the query, or of a form in the body, decoded; "" without it, or if it does not fit. Returns out. */
const char *request_text(const struct request *request, const char *name, char *out, size_t size);
/* The value of a header line; "" without it. Returns out. */
const char *request_header(const struct request *request, const char *name, char *out, size_t size);

/* False: the client has closed the connection. */
bool connection_send(struct connection *connection, const void *bytes, size_t len);
bool connection_send_text(struct connection *connection, const char *text);
/* Status line and head, with this Content-Length; negative: without Content-Length. */
bool connection_send_head(struct connection *connection, const struct reply *reply, int64_t content_length);
bool connection_send_reply(struct connection *connection, const struct reply *reply); /* without a fault */
void reply_close(struct reply *reply);

/* Waits until the deadline, or until stand_in_wake_all(). False: the client has closed the connection. */
bool connection_wait(struct connection *connection, int64_t deadline);
/* Closing the connection will reset it: RST instead of FIN. */
void connection_reset_on_close(struct connection *connection);

#endif
