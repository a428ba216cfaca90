/* service_client: the lesson's ServiceClient. Discover, pick, call, retry.
 *
 * A call has one deadline over all its attempts, and each attempt gets its share
 * of it: one hung instance must not eat the time in which another would have
 * answered. Each attempt goes to an instance not yet tried, by id. Retries have a
 * budget (20 % of the calls of the last 10 s, plus 40; Finagle's idea), so that a
 * storm of failures cannot feed itself. What each attempt showed goes back to
 * the balancer: five failures in a row eject an instance for a while.
 */
#ifndef CLIENT_SERVICE_CLIENT_H
#define CLIENT_SERVICE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "balance/balancer.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/trace_context.h"

struct service_client;
struct discovery;
struct http_client;
struct http_call;
struct http_response;

/* How an instance is reached; as http_call. In a simulation, by something else. */
struct service_transport {
    int (*call)(void *arg, const struct http_call *call, struct http_response *response, struct err *err);
    void *arg;
};

struct service_client_config {
    struct discovery *discovery;
    struct http_client *http;
    struct service_transport transport; /* call NULL: `http` */
    enum balance_policy policy;
    int64_t call_timeout_ms;
    int call_attempts; /* at most SERVICE_ATTEMPTS_MAX */
    const char *zone; /* of the caller; "" for none */
};

enum { SERVICE_ATTEMPTS_MAX = BALANCE_TRIED_MAX };

/* Borrowed during the call. */
struct service_call {
    const char *service;
    const char *path;         /* encoded, starts with '/' */
    const char *key;          /* for consistent_hash; "" for none */
    const struct trace_context *trace; /* sent on */
    int64_t deadline;         /* the caller's own; the call's is never later */
    size_t body_cap;
};

enum service_outcome {
    SERVICE_OK,           /* an instance answered below 500: status and body are its words */
    SERVICE_NO_INSTANCE,  /* nobody to call: 503 */
    SERVICE_UNREACHABLE,  /* nobody could be reached: 503 */
    SERVICE_FAILED,       /* all who answered said 5xx: 503 */
    SERVICE_BROKEN,       /* the reply made no sense: not a JSON object, too large, a redirect: 502 */
    SERVICE_TIMED_OUT,    /* the deadline, or the attempts' time, ran out: 504 */
    SERVICE_OUTCOMES,     /* how many there are */
};

/* "ok", "no_instance", …: as the metrics have it. */
const char *service_outcome_name(enum service_outcome outcome);

struct service_reply {
    enum service_outcome outcome;
    int status;
    struct buf body;
    char instance[256];  /* id of the one that answered last; "" where none */
    const char *source;  /* "consul", "etcd", "cache", "disk", "static"; "" where no list is known. Static text */
    struct err err;      /* why, unless SERVICE_OK */
};

#define SERVICE_REPLY_INIT {.body = BUF_INIT(SIZE_MAX / 2), .source = "", .err = ERR_INIT}

/* NULL: out of memory. The config's parts outlive it. At free no call may be under way. */
struct service_client *service_client_new(const struct service_client_config *config);
void service_client_free(struct service_client *client);

/* One GET (the only method that is repeated) of a JSON object; waits. The reply
 * is to be closed by the caller. */
void service_client_get(struct service_client *client, const struct service_call *call, struct service_reply *reply);
void service_reply_close(struct service_reply *reply);

/* Appends the body of GET /discovery, {"services":{…}}: as it is at the moment of the
 * call, though others have their turns meanwhile. In a fiber. -1: out of memory. */
int service_client_view(struct service_client *client, struct buf *out);
/* The same of GET /discovery/explain. -1: ERR_NOT_FOUND, the service is not watched;
 * ERR_BUSY, out of memory. Changes nothing. */
int service_client_explain(struct service_client *client, const char *service, const char *key, struct buf *out,
                           struct err *err);

void service_client_metrics(struct service_client *client, struct buf *out);

#endif
