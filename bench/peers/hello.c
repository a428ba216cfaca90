/* hello: the simplest server with libmicrohttpd, as the upper limit of speed for a server
 * with this library. It has one thread, an epoll descriptor, and one prepared response with
 * the bytes that user-service sends. It has no routing, no fibers and no cache. */
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct MHD_Response *response;

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **state)
{
    static int head_seen;
    (void)cls, (void)url, (void)method, (void)version, (void)data, (void)size;
    if (!*state) {
        *state = &head_seen; /* a reply in the first call would close the connection */
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

static void make_response(void)
{
    static const char body[] = "{\"id\":\"123\",\"name\":\"User123\",\"email\":\"user123@example.com\"}";
    response = MHD_create_response_from_buffer(strlen(body), (void *)body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "application/json");
    MHD_add_response_header(response, "X-Request-Id", "0123456789abcdef");
    MHD_add_response_header(response, "X-Served-By", "bench-hello");
    MHD_add_response_header(response, "X-Cache", "hit");
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    make_response();
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_TURBO, (uint16_t)strtoul(argv[1], NULL, 10), NULL, NULL, answer, NULL,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)8192, MHD_OPTION_END);
    if (!daemon) {
        fprintf(stderr, "cannot listen on port %s\n", argv[1]);
        return 1;
    }
    /* poll() leaves the events in the descriptor, so MHD_run() still gets them. */
    struct pollfd ready = {.fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, .events = POLLIN};
    for (;;) {
        MHD_UNSIGNED_LONG_LONG timeout;
        int wait_ms = MHD_get_timeout(daemon, &timeout) == MHD_YES ? (int)timeout : -1;
        if (wait_ms != 0)
            poll(&ready, 1, wait_ms);
        MHD_run(daemon);
    }
}
