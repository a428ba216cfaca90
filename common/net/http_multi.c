#include "net/http_multi.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "loop/loop.h"

struct http_multi {
    uv_timer_t timer; /* curl's next one */
    CURLM *curl;
    bool due; /* call curl after this batch of fibers, though no socket is ready */
    struct watch **watches; /* by file descriptor; NULL: not watched */
    size_t watches_size;
};

/* One of curl's sockets. The socket keeps its libuv handle as long as it is open, also while
 * the connection idles between two calls: to stop and start the handle for each call
 * would take four system calls (measured: 12-20 % of a call's CPU time). */
struct watch {
    uv_poll_t poll;
    struct http_multi *multi;
    curl_socket_t fd;
    int events;  /* those that the loop watches for; 0: stopped */
    bool wanted; /* curl waits for one of them */
};

/* --- Calling curl -------------------------------------------------------------- */

static void wake_finished(struct http_multi *multi)
{
    int left;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(multi->curl, &left)) != NULL) {
        struct transfer *transfer = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        transfer->result = message->data.result;
        transfer->paused = false;
        wait_wake(&transfer->wait);
    }
}

static void call_curl(struct http_multi *multi, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(multi->curl, fd, events, &running);
    wake_finished(multi);
}

/* After each batch of fibers: sends all requests that they started, together. */
static void on_batch_end(void *arg)
{
    struct http_multi *multi = arg;
    if (!multi->due)
        return;
    multi->due = false;
    call_curl(multi, CURL_SOCKET_TIMEOUT, 0);
}

/* --- Timer ------------------------------------------------------------------------ */

static void on_timer(uv_timer_t *timer)
{
    struct http_multi *multi = timer->data;
    multi->due = true; /* on_batch_end, which follows, calls curl */
}

static int on_curl_timer(CURLM *curl, long timeout_ms, void *arg)
{
    (void)curl;
    struct http_multi *multi = arg;
    if (timeout_ms < 0)
        uv_timer_stop(&multi->timer);
    else
        uv_timer_start(&multi->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

/* --- Sockets ---------------------------------------------------------------------- */

static void on_socket(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = (struct watch *)poll;
    if (status < 0)
        watch->events = 0; /* libuv has stopped it */
    if (!watch->wanted) {
        /* Closed while idle. curl checks the connection before it uses it again. */
        uv_poll_stop(poll);
        watch->events = 0;
        return;
    }
    /* An error is passed to curl as "readable". On CURL_CSELECT_ERR curl would fail at once
     * without a reason. When it reads, it gets what arrived before a reset, and the reason. */
    int flags = status < 0 ? CURL_CSELECT_IN : 0;
    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    call_curl(watch->multi, watch->fd, flags);
}

static bool make_room(struct http_multi *multi, size_t index)
{
    if (index < multi->watches_size)
        return true;
    size_t size = 2 * index + 64;
    struct watch **bigger = realloc(multi->watches, size * sizeof *bigger);
    if (!bigger)
        return false;
    for (size_t i = multi->watches_size; i < size; i++)
        bigger[i] = NULL;
    multi->watches = bigger;
    multi->watches_size = size;
    return true;
}

static struct watch *watch_of(struct http_multi *multi, curl_socket_t fd)
{
    return (size_t)fd < multi->watches_size ? multi->watches[fd] : NULL;
}

static struct watch *watch_new(struct http_multi *multi, curl_socket_t fd)
{
    if (!make_room(multi, (size_t)fd))
        return NULL;
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch || uv_poll_init_socket(loop_uv(), &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->multi = multi;
    watch->fd = fd;
    multi->watches[fd] = watch;
    return watch;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle); /* the first member of what was allocated */
}

static void watch_free(struct watch *watch)
{
    watch->multi->watches[watch->fd] = NULL;
    uv_close((uv_handle_t *)&watch->poll, free_handle);
}

/* A socket that we watch only for writing is still connecting. If its call times out,
 * curl 7.88 closes the socket without calling CLOSESOCKETFUNCTION. So its handle is
 * freed here, else the next socket with the same number would get that handle. */
static void watch_pause(struct watch *watch)
{
    watch->wanted = false;
    if (watch->events == UV_WRITABLE)
        watch_free(watch);
}

/* curl reports which events it waits for on a socket. If memory is out, the socket is not
 * watched and its call ends at the deadline: an error returned here would end all calls. */
static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    (void)easy;
    (void)unused;
    struct watch *watch = watch_of(arg, fd);
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            watch_pause(watch);
        return 0;
    }
    if (!watch && !(watch = watch_new(arg, fd)))
        return 0;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    watch->wanted = true;
    if (events != watch->events && uv_poll_start(&watch->poll, events, on_socket) == 0)
        watch->events = events;
    return 0;
}

/* curl would report a failed socket() as if the other side had refused the connection. */
static curl_socket_t on_curl_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = arg;
    (void)purpose;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        transfer->socket_error = errno;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int on_curl_close(void *arg, curl_socket_t fd)
{
    struct watch *watch = watch_of(arg, fd);
    if (watch)
        watch_free(watch);
    return close(fd);
}

/* --- Transfers -------------------------------------------------------------------- */

void http_multi_attach(struct http_multi *multi, struct transfer *transfer)
{
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETFUNCTION, on_curl_open);
    curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_CLOSESOCKETFUNCTION, on_curl_close);
    curl_easy_setopt(transfer->easy, CURLOPT_CLOSESOCKETDATA, multi);
}

void http_multi_pause(struct transfer *transfer)
{
    transfer->paused = true;
    wait_wake(&transfer->wait);
}

/* The other fibers have run. curl delivers what it held back inside curl_easy_pause. */
static enum wait_result resume(struct http_multi *multi, struct transfer *transfer)
{
    transfer->paused = false;
    transfer->turn_bytes = 0;
    wait_init(&transfer->wait);
    multi->due = true;
    transfer->result = curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
    return transfer->result == CURLE_OK ? wait_park(&transfer->wait, transfer->deadline) : WAIT_WOKEN;
}

enum wait_result http_multi_run(struct http_multi *multi, struct transfer *transfer)
{
    wait_init(&transfer->wait);
    if (curl_multi_add_handle(multi->curl, transfer->easy) != CURLM_OK) {
        transfer->result = CURLE_FAILED_INIT;
        return WAIT_WOKEN;
    }
    multi->due = true;
    enum wait_result result = wait_park(&transfer->wait, transfer->deadline);
    while (result == WAIT_WOKEN && transfer->paused)
        result = resume(multi, transfer);
    curl_multi_remove_handle(multi->curl, transfer->easy);
    return result;
}

/* --- Create and free -------------------------------------------------------------- */

struct http_multi *http_multi_new(size_t max_connections)
{
    struct http_multi *multi = calloc(1, sizeof *multi);
    if (!multi)
        return NULL;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi->curl = curl_multi_init();
    if (!multi->curl) {
        curl_global_cleanup();
        free(multi);
        return NULL;
    }
    uv_timer_init(loop_uv(), &multi->timer);
    multi->timer.data = multi;
    curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(multi->curl, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(multi->curl, CURLMOPT_TIMERDATA, multi);
    curl_multi_setopt(multi->curl, CURLMOPT_MAXCONNECTS, (long)max_connections);
    loop_add_hook(on_batch_end, multi);
    return multi;
}

void http_multi_limit(struct http_multi *multi, size_t connections)
{
    curl_multi_setopt(multi->curl, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections);
}

void http_multi_free(struct http_multi *multi)
{
    loop_remove_hook(on_batch_end, multi);
    curl_multi_cleanup(multi->curl);
    curl_global_cleanup();
    free(multi->watches);
    uv_close((uv_handle_t *)&multi->timer, free_handle);
}
