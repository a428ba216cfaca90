#include "faults/reply_faults.h"

#include <string.h>

#include "base/clock.h"

enum {
    DRIP_MS = 200,                   /* between two bytes: each alone is in time, all of them never */
    FLOOD_BYTES = 100 * 1000 * 1000, /* of a reply that no caller should take in */
    NESTING = 30 * 1000,             /* arrays in arrays: a parser that recurses has no such stack */
};

/* --- What the reply says ------------------------------------------------------------------------- */

/* Whatever the healthy one was. */
static void answer(struct reply *reply, int status, const char *head, const char *body)
{
    buf_clear(&reply->head);
    buf_clear(&reply->body);
    reply->status = status;
    buf_adds(&reply->head, head);
    buf_adds(&reply->body, body);
}

static void say_403(const struct request *request, struct reply *reply)
{
    (void)request;
    answer(reply, 403, "", "Permission denied");
}

static void say_429(const struct request *request, struct reply *reply)
{
    (void)request;
    answer(reply, 429, "", "rate limit exceeded, try again later or against a different server");
}

static void say_500(const struct request *request, struct reply *reply)
{
    (void)request;
    answer(reply, 500, "", "rpc error making call: No cluster leader");
}

static void say_503(const struct request *request, struct reply *reply)
{
    (void)request;
    answer(reply, 503, "Content-Type: application/json\r\nRetry-After: 1\r\n", "{\"status\":\"draining\"}");
}

static void say_elsewhere(const struct request *request, struct reply *reply)
{
    (void)request;
    answer(reply, 302, "", "");
    buf_addf(&reply->head, "Location: http://127.0.0.1:%u/trap\r\n", stand_control_port());
}

static void say_html(const struct request *request, struct reply *reply)
{
    (void)request;
    answer(reply, 200, "Content-Type: text/html\r\n", "<!doctype html><title>Please log in</title><p>Welcome to the proxy.");
}

static void say_text(const struct request *request, struct reply *reply)
{
    (void)request;
    answer(reply, 200, "Content-Type: application/json\r\n", "\"valid JSON, and not what was asked for\"");
}

static void say_null(const struct request *request, struct reply *reply)
{
    (void)request;
    answer(reply, 200, "Content-Type: application/json\r\n", "null");
}

static void say_nested(const struct request *request, struct reply *reply)
{
    (void)request;
    answer(reply, 200, "Content-Type: application/json\r\n", "");
    for (int i = 0; i < NESTING; i++)
        buf_adds(&reply->body, "[");
    for (int i = 0; i < NESTING; i++)
        buf_adds(&reply->body, "]");
}

static void say_gzip(const struct request *request, struct reply *reply)
{
    static const char zipped[] = "\x1f\x8b\x08\0\0\0\0\0\x02\x03\x8b\x8e\x05\0\x29\xbb\x4c\x0d\x02\0\0"; /* [] */
    (void)request;
    answer(reply, 200, "Content-Encoding: gzip\r\n", "");
    buf_add(&reply->body, zipped, sizeof zipped);
}

/* Whole for HTTP, and not for JSON. */
static void cut_json(const struct request *request, struct reply *reply)
{
    (void)request;
    reply->body.len /= 2;
}

/* --- How it is sent -------------------------------------------------------------------------------- */

/* Where the fault ends, whoever waited is answered late: as after SIGCONT. */
static bool hang(struct peer *peer, const struct reply *reply)
{
    while (stand_still_plays(peer))
        if (!peer_pause(peer, DEADLINE_NONE))
            return false;
    return peer_send_reply(peer, reply);
}

static bool close_unanswered(struct peer *peer, const struct reply *reply)
{
    (void)peer, (void)reply;
    return false;
}

static bool reset(struct peer *peer, const struct reply *reply)
{
    (void)reply;
    peer_reset_on_close(peer);
    return false;
}

/* Not HTTP at all: another program has got the port. */
static bool say_ssh(struct peer *peer, const struct reply *reply)
{
    (void)reply;
    peer_send_text(peer, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
    return false;
}

static bool drip(struct peer *peer, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!peer_send(peer, bytes + i, 1) || !peer_pause(peer, deadline_in(DRIP_MS)) || !stand_still_plays(peer))
            return false;
    return true;
}

static bool drip_head(struct peer *peer, const struct reply *reply)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nX-Slow: one byte after another, and each of them in time\r\n";
    (void)reply;
    drip(peer, head, strlen(head));
    return false;
}

static bool drip_body(struct peer *peer, const struct reply *reply)
{
    if (peer_send_head(peer, reply, (int64_t)reply->body.len))
        drip(peer, buf_text(&reply->body), reply->body.len);
    return false;
}

static bool cut_body(struct peer *peer, const struct reply *reply)
{
    if (peer_send_head(peer, reply, (int64_t)reply->body.len))
        peer_send(peer, buf_text(&reply->body), reply->body.len / 2);
    return false;
}

static bool reset_in_body(struct peer *peer, const struct reply *reply)
{
    cut_body(peer, reply);
    peer_reset_on_close(peer);
    return false;
}

/* The rest of the body looks like the next reply. */
static bool promise_less(struct peer *peer, const struct reply *reply)
{
    return peer_send_head(peer, reply, (int64_t)reply->body.len / 2) &&
           peer_send(peer, buf_text(&reply->body), reply->body.len);
}

static bool promise_more(struct peer *peer, const struct reply *reply)
{
    if (!peer_send_head(peer, reply, (int64_t)reply->body.len + 1) ||
        !peer_send(peer, buf_text(&reply->body), reply->body.len))
        return false;
    while (stand_still_plays(peer))
        if (!peer_pause(peer, DEADLINE_NONE))
            return false;
    return false;
}

/* --- Floods ------------------------------------------------------------------------------------------- */

static bool flood(struct peer *peer, const char *begin, const char *again)
{
    struct buf block = BUF_INIT(64 * 1024);
    while (buf_adds(&block, again)) {
    }
    bool sent = peer_send_text(peer, begin);
    for (size_t total = 0; sent && total < FLOOD_BYTES; total += block.len)
        sent = peer_send(peer, block.data, block.len);
    buf_close(&block);
    return false;
}

static bool flood_announced(struct peer *peer, const struct reply *reply)
{
    (void)reply;
    return flood(peer, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n[{}", ",{}");
}

static bool flood_unannounced(struct peer *peer, const struct reply *reply)
{
    (void)reply;
    return flood(peer, "HTTP/1.1 200 OK\r\n\r\n[{}", ",{}");
}

static bool flood_head(struct peer *peer, const struct reply *reply)
{
    (void)reply;
    return flood(peer, "HTTP/1.1 200 OK\r\n", "X-More: of the same\r\n");
}

/* --- All of them ---------------------------------------------------------------------------------------- */

const struct fault reply_faults[] = {
    {"none", "well: each request is answered as it should be", .keeps_waiting = true},
    {"refuse", "the port is closed: killed, not started yet, or moved", .closes_port = true},
    {"hang", "takes each request and never answers: SIGSTOP, a dead disk, a frozen machine", .send = hang},
    {"close", "takes each request and closes: a proxy whose backend is gone", .send = close_unanswered},
    {"reset", "resets the connection: a firewall that lost its state, kill -9 with requests unread", .send = reset},
    {"not-http", "another program has got the port: it speaks first, and not HTTP", .send = say_ssh},
    {"slow-head", "a byte of the head now and then: no idle timeout ever ends it", .send = drip_head},
    {"trickle", "a byte of the body now and then: the same, after a head that looks well", .send = drip_body},
    {"truncated", "half a body, then the end: a proxy that is restarted", .send = cut_body},
    {"reset-body", "half a body, then a reset", .send = reset_in_body},
    {"short-length", "a Content-Length of half the body; the rest poses as the next reply", .send = promise_less},
    {"long-length", "a Content-Length of one byte more than ever comes", .send = promise_more},
    {"huge", "100 MB, as announced: somebody else's file, or a list that grew out of hand", .send = flood_announced},
    {"endless", "100 MB, and no Content-Length to tell", .send = flood_unannounced},
    {"huge-head", "100 MB of header lines", .send = flood_head},
    {"500", "an error, in Consul's words when its servers have no leader", .spoil = say_500},
    {"503", "draining: an instance that is about to end", .spoil = say_503},
    {"429", "too many requests: Consul's limits.request_limits, or a gateway's", .spoil = say_429},
    {"403", "permission denied: the token has expired, or its policy was changed", .spoil = say_403},
    {"redirect", "302 to somewhere else: an ingress that wants https, a captive portal", .spoil = say_elsewhere},
    {"html", "200 with a login page: a proxy in between", .spoil = say_html},
    {"gzip", "200, gzipped though nobody asked for it", .spoil = say_gzip},
    {"broken-json", "200 with half the JSON, and a Content-Length to match", .spoil = cut_json},
    {"wrong-type", "200 with valid JSON of another type", .spoil = say_text},
    {"null", "200 with null: what Go's encoder makes of a list that was never filled", .spoil = say_null},
    {"nested", "200 with 30,000 arrays, each in another: made to overflow a parser's stack", .spoil = say_nested},
    {0},
};
