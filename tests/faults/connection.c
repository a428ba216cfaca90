#include "faults/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/env.h"
#include "net/url.h"

enum { REQUEST_MAX = 128 * 1024 }; /* bytes: head and body; a registration takes 1 KB */

/* --- Read ----------------------------------------------------------------------------------- */

/* 0 without this header. */
static size_t content_length(const char *head)
{
    static const char name[] = "\r\nContent-Length:";
    const char *at = strcasestr(head, name);
    return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

/* The length of the whole request in bytes; 0 while its head is incomplete. */
static size_t request_len(const struct buf *input)
{
    const char *end = strstr(buf_text(input), "\r\n\r\n");
    if (!end)
        return 0;
    return (size_t)(end + 4 - input->data) + content_length(input->data);
}

static bool receive(struct connection *connection, struct buf *input)
{
    char bytes[16 * 1024];
    for (;;) {
        ssize_t got = recv(connection->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got > 0)
            return buf_add(input, bytes, (size_t)got);
        if (got == 0 || errno != EAGAIN ||
            socket_watch_park(connection->watch, SOCKET_READABLE, DEADLINE_NONE) != WAIT_WOKEN)
            return false;
    }
}

static bool parse_line(const char *head, struct request *request)
{
    char target[sizeof request->path + sizeof request->query];
    if (sscanf(head, "%7[A-Z] %2559[^ \r\n] HTTP/1.", request->method, target) != 2)
        return false;
    size_t path_len = strcspn(target, "?");
    if (path_len >= sizeof request->path)
        return false;
    snprintf(request->path, sizeof request->path, "%.*s", (int)path_len, target);
    snprintf(request->query, sizeof request->query, "%s", target[path_len] ? target + path_len + 1 : "");
    return true;
}

/* Our clients do not send a request before the last one is answered, so nothing follows the body. */
bool connection_read(struct connection *connection, struct request *request)
{
    struct buf input = BUF_INIT(REQUEST_MAX);
    size_t len = 0;
    bool good = true;
    while (good && (len == 0 || input.len < len)) {
        good = receive(connection, &input);
        len = good ? request_len(&input) : 0;
    }
    request_close(request);
    request->head.cap = request->body.cap = REQUEST_MAX;
    good = good && parse_line(input.data, request);
    const char *body = good ? strstr(input.data, "\r\n\r\n") + 4 : NULL;
    good = good && buf_add(&request->head, input.data, (size_t)(body - input.data)) &&
           buf_add(&request->body, body, (size_t)(input.data + len - body));
    buf_close(&input);
    return good;
}

void request_close(struct request *request)
{
    buf_close(&request->head);
    buf_close(&request->body);
}

/* In "a=1&b=2": the value of a name; NULL without it. */
static const char *find_value(const char *parameters, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = parameters; at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, name, len) == 0 && at[len] == '=')
            return at + len + 1;
    }
    return NULL;
}

int64_t request_number(const struct request *request, const char *name, int64_t fallback)
{
    const char *value = find_value(request->query, name);
    return value ? strtoll(value, NULL, 10) : fallback;
}

int64_t request_duration_ms(const struct request *request, const char *name, int64_t fallback)
{
    char text[32];
    int64_t ms;
    const char *value = find_value(request->query, name);
    if (!value)
        return fallback;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(value, "&"), value);
    return env_parse_duration(text, &ms) == 0 ? ms : fallback;
}

const char *request_text(const struct request *request, const char *name, char *out, size_t size)
{
    const char *value = find_value(request->query, name);
    if (!value)
        value = find_value(buf_text(&request->body), name);
    size_t len = value ? strcspn(value, "&") : 0;
    if (len >= size)
        len = 0;
    snprintf(out, size, "%.*s", (int)len, value ? value : "");
    for (char *plus = out; (plus = strchr(plus, '+'));)
        *plus = ' ';
    if (url_decode(out, &len) != 0)
        out[0] = '\0';
    return out;
}

const char *request_header(const struct request *request, const char *name, char *out, size_t size)
{
    char line[64];
    snprintf(line, sizeof line, "\r\n%s: ", name);
    const char *at = strcasestr(buf_text(&request->head), line);
    at = at ? at + strlen(line) : "";
    snprintf(out, size, "%.*s", (int)strcspn(at, "\r"), at);
    return out;
}

/* --- Send ----------------------------------------------------------------------------------- */

bool connection_send(struct connection *connection, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t sent = send(connection->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
        } else if (errno != EAGAIN ||
                   socket_watch_park(connection->watch, SOCKET_WRITABLE, DEADLINE_NONE) != WAIT_WOKEN) {
            return false;
        }
    }
    return true;
}

bool connection_send_text(struct connection *connection, const char *text)
{
    return connection_send(connection, text, strlen(text));
}

bool connection_send_head(struct connection *connection, const struct reply *reply, int64_t length)
{
    struct buf head = BUF_INIT(8192);
    bool whole = buf_addf(&head, "HTTP/1.1 %d \r\n%s", reply->status, buf_text(&reply->head)) &&
                 (length < 0 || buf_addf(&head, "Content-Length: %" PRId64 "\r\n", length)) && buf_adds(&head, "\r\n");
    bool sent = whole && connection_send(connection, head.data, head.len);
    buf_close(&head);
    return sent;
}

bool connection_send_reply(struct connection *connection, const struct reply *reply)
{
    return connection_send_head(connection, reply, (int64_t)reply->body.len) &&
           connection_send(connection, buf_text(&reply->body), reply->body.len);
}

void reply_close(struct reply *reply)
{
    buf_close(&reply->head);
    buf_close(&reply->body);
}

/* --- Wait and reset --------------------------------------------------------------------------- */

/* A client that waits for its reply sends nothing, so readable means that it has closed. */
bool connection_wait(struct connection *connection, int64_t deadline)
{
    enum wait_result result = socket_watch_park(connection->watch, SOCKET_READABLE, deadline);
    char byte;
    bool is_silent = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
    return result != WAIT_CANCELLED && is_silent;
}

void connection_reset_on_close(struct connection *connection)
{
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
}
