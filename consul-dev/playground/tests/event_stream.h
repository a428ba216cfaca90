/* event_stream: reads /api/events of the playground as a page does, and keeps all that has arrived.
 */
#ifndef PLAYGROUND_TESTS_EVENT_STREAM_H
#define PLAYGROUND_TESTS_EVENT_STREAM_H

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

struct stream {
    int fd;
    struct buf text; /* all that has arrived */
};

static inline void stream_connect(struct stream *stream, const char *request)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)page_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *stream = (struct stream){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .text = BUF_INIT(64 * 1024 * 1024)};
    cr_assert_eq(connect(stream->fd, (struct sockaddr *)&to, sizeof to), 0);
    cr_assert_eq(send(stream->fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
}

static inline void stream_open(struct stream *stream, const char *headers)
{
    char request[300];
    snprintf(request, sizeof request, "GET /api/events HTTP/1.1\r\nHost: %s\r\n%s\r\n", page_host, headers);
    stream_connect(stream, request);
}

static inline bool stream_has_more(struct stream *stream)
{
    char bytes[16 * 1024];
    ssize_t n = recv(stream->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0)
        buf_add(&stream->text, bytes, (size_t)n);
    return n > 0;
}

struct sought_text {
    struct stream *stream;
    const char *text;
};

static inline bool has_arrived(void *arg)
{
    struct sought_text *sought = arg;
    while (stream_has_more(sought->stream)) {
    }
    return strstr(buf_text(&sought->stream->text), sought->text) != NULL;
}

static inline bool stream_await(struct stream *stream, const char *text)
{
    struct sought_text sought = {stream, text};
    return wait_until(has_arrived, &sought, PATIENCE_MS);
}

static inline void stream_close(struct stream *stream)
{
    close(stream->fd);
    buf_close(&stream->text);
}

#endif
