/* service_call: one call to another service, its outcome and its reply. */
#ifndef CLIENT_SERVICE_CALL_H
#define CLIENT_SERVICE_CALL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/trace_context.h"

struct http_call;
struct http_response;

/* One GET of a JSON object. Borrowed during the call. */
struct service_call {
    const char *service;
    const char *path;         /* encoded, starts with '/' */
    const char *key;          /* for consistent_hash; "" for none */
    const struct trace_context *trace; /* sent with each attempt */
    int64_t deadline;         /* of the caller; CALL_TIMEOUT may end the call earlier, never later */
    size_t body_cap;
};

/* Sends one attempt to an instance and returns what http_call() returns. The simulation
 * has a transport of its own. */
struct service_transport {
    int (*call)(void *arg, const struct http_call *call, struct http_response *response, struct err *err);
    void *arg;
};

/* How the last attempt ended, and the status of our own reply in this case. */
enum service_outcome {
    SERVICE_OK,           /* a reply with a status below 500: status and body are the instance's */
    SERVICE_NO_INSTANCE,  /* there was no instance to call: 503 */
    SERVICE_UNREACHABLE,  /* no connection: 503 */
    SERVICE_FAILED,       /* a reply with 5xx: 503 */
    SERVICE_BROKEN,       /* an unusable reply: cut off, not a JSON object, too large, a redirect: 502 */
    SERVICE_TIMED_OUT,    /* no reply before the deadline, or within the attempt's share of the time: 504 */
    SERVICE_OUTCOMES,     /* the number of outcomes */
};

/* "ok", "no_instance", …: the label of the metrics. */
const char *service_outcome_name(enum service_outcome outcome);

struct service_reply {
    enum service_outcome outcome;
    int status;
    struct buf body;
    char instance[256];  /* id of the instance that was called last; "" if none */
    const char *source;  /* "consul" or another registry, "cache", "disk", "static"; "" if no list is known. Static text */
    struct err err;      /* the cause, unless SERVICE_OK */
};

#define SERVICE_REPLY_INIT {.body = BUF_INIT(SIZE_MAX / 2), .source = "", .err = ERR_INIT}

/* Empties the reply for another call. */
void service_reply_reset(struct service_reply *reply);
void service_reply_close(struct service_reply *reply);

#endif
