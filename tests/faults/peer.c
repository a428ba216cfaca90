#include "faults/peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"

enum { REQUEST_MAX = 128 * 1024 }; /* bytes: head and body; a registration takes 1 KB */

/* --- Reading -------------------------------------------------------------------------------- */

/* Of a header of the head, 0 where there is none. */
static size_t content_length(const char *head)
{
    static const char name[] = "\r\nContent-Length:";
    const char *at = strcasestr(head, name);
    return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

/* How many bytes the request has in all, 0 while its head is not there. */
static size_t whole_len(const struct buf *input)
{
    const char *end = strstr(buf_text(input), "\r\n\r\n");
    if (!end)
        return 0;
    return (size_t)(end + 4 - input->data) + content_length(input->data);
}

static bool receive(struct peer *peer, struct buf *input)
{
    char bytes[16 * 1024];
    for (;;) {
        ssize_t got = recv(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got > 0)
            return buf_add(input, bytes, (size_t)got);
        if (got == 0 || errno != EAGAIN ||
            socket_watch_park(peer->watch, SOCKET_READABLE, DEADLINE_NONE) != WAIT_WOKEN)
            return false;
    }
}

static bool parse_line(const char *head, struct request *request)
{
    char target[sizeof request->path + sizeof request->query];
    if (sscanf(head, "%7[A-Z] %767[^ \r\n] HTTP/1.", request->method, target) != 2)
        return false;
    size_t path_len = strcspn(target, "?");
    if (path_len >= sizeof request->path)
        return false;
    snprintf(request->path, sizeof request->path, "%.*s", (int)path_len, target);
    snprintf(request->query, sizeof request->query, "%s", target[path_len] ? target + path_len + 1 : "");
    return true;
}

/* No client of ours sends a request before the last one is answered: what comes
 * after the body is not kept. */
bool peer_read(struct peer *peer, struct request *request)
{
    struct buf input = BUF_INIT(REQUEST_MAX);
    size_t len = 0;
    bool good = true;
    while (good && (len == 0 || input.len < len)) {
        good = receive(peer, &input);
        len = good ? whole_len(&input) : 0;
    }
    request_close(request);
    request->body.cap = REQUEST_MAX;
    good = good && parse_line(input.data, request);
    const char *body = good ? strstr(input.data, "\r\n\r\n") + 4 : NULL;
    good = good && buf_add(&request->body, body, (size_t)(input.data + len - body));
    buf_close(&input);
    return good;
}

void request_close(struct request *request)
{
    buf_close(&request->body);
}

int64_t request_number(const struct request *request, const char *name, int64_t fallback)
{
    size_t len = strlen(name);
    for (const char *at = request->query; at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, name, len) == 0 && at[len] == '=')
            return strtoll(at + len + 1, NULL, 10);
    }
    return fallback;
}

/* --- Sending -------------------------------------------------------------------------------- */

bool peer_send(struct peer *peer, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t sent = send(peer->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
        } else if (errno != EAGAIN || socket_watch_park(peer->watch, SOCKET_WRITABLE, DEADLINE_NONE) != WAIT_WOKEN) {
            return false;
        }
    }
    return true;
}

bool peer_send_text(struct peer *peer, const char *text)
{
    return peer_send(peer, text, strlen(text));
}

bool peer_send_head(struct peer *peer, const struct reply *reply, int64_t length)
{
    struct buf head = BUF_INIT(8192);
    bool whole = buf_addf(&head, "HTTP/1.1 %d \r\n%s", reply->status, buf_text(&reply->head)) &&
                 (length < 0 || buf_addf(&head, "Content-Length: %" PRId64 "\r\n", length)) && buf_adds(&head, "\r\n");
    bool sent = whole && peer_send(peer, head.data, head.len);
    buf_close(&head);
    return sent;
}

bool peer_send_reply(struct peer *peer, const struct reply *reply)
{
    return peer_send_head(peer, reply, (int64_t)reply->body.len) &&
           peer_send(peer, buf_text(&reply->body), reply->body.len);
}

void reply_close(struct reply *reply)
{
    buf_close(&reply->head);
    buf_close(&reply->body);
}

/* --- Waiting and ending ------------------------------------------------------------------------ */

/* While it is not its turn, a client has nothing to send but its end. */
bool peer_pause(struct peer *peer, int64_t deadline)
{
    enum wait_result result = socket_watch_park(peer->watch, SOCKET_READABLE, deadline);
    char byte;
    bool is_silent = recv(peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
    return result != WAIT_CANCELLED && is_silent;
}

void peer_reset_on_close(struct peer *peer)
{
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
}
