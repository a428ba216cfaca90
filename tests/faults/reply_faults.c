#include "faults/reply_faults.h"

#include <string.h>

#include "base/clock.h"

enum {
    DRIP_MS = 200,                   /* between two bytes: each is in time, but the reply never ends in time */
    FLOOD_BYTES = 100 * 1000 * 1000, /* of a reply that no caller should read to its end */
    NESTING = 30 * 1000,             /* nested arrays: a recursive parser runs out of stack */
};

/* --- Change the reply ---------------------------------------------------------------------------- */

/* Replaces the healthy reply. */
static void set_reply(struct reply *reply, int status, const char *head, const char *body)
{
    buf_clear(&reply->head);
    buf_clear(&reply->body);
    reply->status = status;
    buf_adds(&reply->head, head);
    buf_adds(&reply->body, body);
}

static void reply_403(const struct request *request, struct reply *reply)
{
    set_reply(reply, 403, "", "Permission denied");
    stand_in_shape_error(request, reply);
}

static void reply_429(const struct request *request, struct reply *reply)
{
    set_reply(reply, 429, "", "rate limit exceeded, try again later or against a different server");
    stand_in_shape_error(request, reply);
}

static void reply_500(const struct request *request, struct reply *reply)
{
    set_reply(reply, 500, "", "rpc error making call: No cluster leader");
    stand_in_shape_error(request, reply);
}

static void reply_503(const struct request *request, struct reply *reply)
{
    (void)request;
    set_reply(reply, 503, "Content-Type: application/json\r\nRetry-After: 1\r\n", "{\"status\":\"draining\"}");
}

static void reply_elsewhere(const struct request *request, struct reply *reply)
{
    (void)request;
    set_reply(reply, 302, "", "");
    buf_addf(&reply->head, "Location: http://127.0.0.1:%u/trap\r\n", stand_in_control_port());
}

static void reply_html(const struct request *request, struct reply *reply)
{
    (void)request;
    set_reply(reply, 200, "Content-Type: text/html\r\n",
              "<!doctype html><title>Please log in</title><p>Welcome to the proxy.");
}

static void reply_text(const struct request *request, struct reply *reply)
{
    (void)request;
    set_reply(reply, 200, "Content-Type: application/json\r\n", "\"valid JSON, but not the expected type\"");
}

static void reply_null(const struct request *request, struct reply *reply)
{
    (void)request;
    set_reply(reply, 200, "Content-Type: application/json\r\n", "null");
}

static void reply_nested(const struct request *request, struct reply *reply)
{
    (void)request;
    set_reply(reply, 200, "Content-Type: application/json\r\n", "");
    for (int i = 0; i < NESTING; i++)
        buf_adds(&reply->body, "[");
    for (int i = 0; i < NESTING; i++)
        buf_adds(&reply->body, "]");
}

static void reply_gzip(const struct request *request, struct reply *reply)
{
    static const char zipped[] = "\x1f\x8b\x08\0\0\0\0\0\x02\x03\x8b\x8e\x05\0\x29\xbb\x4c\x0d\x02\0\0"; /* [] */
    (void)request;
    set_reply(reply, 200, "Content-Encoding: gzip\r\n", "");
    buf_add(&reply->body, zipped, sizeof zipped);
}

/* The HTTP body is complete, its JSON is not. */
static void cut_json(const struct request *request, struct reply *reply)
{
    (void)request;
    reply->body.len /= 2;
}

/* --- Change how it is sent ------------------------------------------------------------------------- */

/* When the fault ends, waiting clients get their reply late, as after SIGCONT. */
static bool hang(struct connection *connection, const struct reply *reply)
{
    while (stand_in_fault_is_on(connection))
        if (!connection_wait(connection, DEADLINE_NONE))
            return false;
    return connection_send_reply(connection, reply);
}

static bool close_unanswered(struct connection *connection, const struct reply *reply)
{
    (void)connection, (void)reply;
    return false;
}

static bool reset(struct connection *connection, const struct reply *reply)
{
    (void)reply;
    connection_reset_on_close(connection);
    return false;
}

/* Another program has the port, and does not speak HTTP. */
static bool reply_ssh(struct connection *connection, const struct reply *reply)
{
    (void)reply;
    connection_send_text(connection, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
    return false;
}

static bool drip(struct connection *connection, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!connection_send(connection, bytes + i, 1) || !connection_wait(connection, deadline_in(DRIP_MS)) ||
            !stand_in_fault_is_on(connection))
            return false;
    return true;
}

static bool drip_head(struct connection *connection, const struct reply *reply)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nX-Slow: one byte after another, and each of them in time\r\n";
    (void)reply;
    drip(connection, head, strlen(head));
    return false;
}

static bool drip_body(struct connection *connection, const struct reply *reply)
{
    if (connection_send_head(connection, reply, (int64_t)reply->body.len))
        drip(connection, buf_text(&reply->body), reply->body.len);
    return false;
}

static bool cut_body(struct connection *connection, const struct reply *reply)
{
    if (connection_send_head(connection, reply, (int64_t)reply->body.len))
        connection_send(connection, buf_text(&reply->body), reply->body.len / 2);
    return false;
}

static bool reset_in_body(struct connection *connection, const struct reply *reply)
{
    cut_body(connection, reply);
    connection_reset_on_close(connection);
    return false;
}

/* The rest of the body looks like the next reply. */
static bool promise_less(struct connection *connection, const struct reply *reply)
{
    return connection_send_head(connection, reply, (int64_t)reply->body.len / 2) &&
           connection_send(connection, buf_text(&reply->body), reply->body.len);
}

static bool promise_more(struct connection *connection, const struct reply *reply)
{
    if (!connection_send_head(connection, reply, (int64_t)reply->body.len + 1) ||
        !connection_send(connection, buf_text(&reply->body), reply->body.len))
        return false;
    while (stand_in_fault_is_on(connection))
        if (!connection_wait(connection, DEADLINE_NONE))
            return false;
    return false;
}

/* --- Floods ------------------------------------------------------------------------------------------- */

static bool flood(struct connection *connection, const char *head, const char *begin, const char *again)
{
    struct buf block = BUF_INIT(64 * 1024);
    while (buf_adds(&block, again)) {
    }
    bool sent = connection_send_text(connection, head) && connection_send_text(connection, begin);
    for (size_t total = 0; sent && total < FLOOD_BYTES; total += block.len)
        sent = connection_send(connection, block.data, block.len);
    buf_close(&block);
    return false;
}

static bool flood_announced(struct connection *connection, const struct reply *reply)
{
    (void)reply;
    return flood(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", stand_in_flood(), ",{}");
}

static bool flood_unannounced(struct connection *connection, const struct reply *reply)
{
    (void)reply;
    return flood(connection, "HTTP/1.1 200 OK\r\n\r\n", stand_in_flood(), ",{}");
}

static bool flood_head(struct connection *connection, const struct reply *reply)
{
    (void)reply;
    return flood(connection, "HTTP/1.1 200 OK\r\n", "", "X-More: of the same\r\n");
}

/* --- The table ------------------------------------------------------------------------------------------ */

const struct fault reply_faults[] = {
    {"none", "each request is answered correctly", .keeps_blocking = true},
    {"refuse", "the port is closed: the process was killed, has not started yet, or has another port",
     .closes_port = true},
    {"hang", "accepts each request and never answers: SIGSTOP, a dead disk, a frozen machine", .send = hang},
    {"close", "accepts each request and closes the connection: a proxy whose backend is down",
     .send = close_unanswered},
    {"reset", "resets the connection: a firewall that lost its state, kill -9 with requests unread", .send = reset},
    {"not-http", "another program has the port: it sends first, and does not speak HTTP", .send = reply_ssh},
    {"slow-head", "sends the head byte by byte: an idle timeout never ends it", .send = drip_head},
    {"trickle", "sends the body byte by byte, after a correct head", .send = drip_body},
    {"truncated", "half the body, then the connection closes: a proxy that restarts", .send = cut_body},
    {"reset-body", "half the body, then a reset", .send = reset_in_body},
    {"short-length", "a Content-Length of half the body; the rest looks like the next reply", .send = promise_less},
    {"long-length", "a Content-Length of one byte more than the body has", .send = promise_more},
    {"huge", "100 MB, with a Content-Length: a wrong file, or a list that grew too large", .send = flood_announced},
    {"endless", "100 MB, without a Content-Length", .send = flood_unannounced},
    {"huge-head", "100 MB of header lines", .send = flood_head},
    {"500", "an error, with the text that Consul sends without a leader", .change = reply_500},
    {"503", "draining: an instance that is about to end", .change = reply_503},
    {"429", "too many requests: Consul's limits.request_limits, or a gateway's", .change = reply_429},
    {"403", "permission denied: the token has expired, or its policy was changed", .change = reply_403},
    {"redirect", "302 to another address: an ingress that wants https, a captive portal", .change = reply_elsewhere},
    {"html", "200 with a login page: a proxy in between", .change = reply_html},
    {"gzip", "200 with gzip, which the request did not accept", .change = reply_gzip},
    {"broken-json", "200 with half the JSON, and the Content-Length of that half", .change = cut_json},
    {"wrong-type", "200 with valid JSON of another type", .change = reply_text},
    {"null", "200 with null: Go's encoder writes it for a list that was never filled", .change = reply_null},
    {"nested", "200 with 30,000 nested arrays, which overflow the stack of a recursive parser", .change = reply_nested},
    {0},
};
