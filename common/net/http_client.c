#include "net/http_client.h"

#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "loop/loop.h"
#include "net/http_client_transfer.h"

struct http_client {
    uv_timer_t timer; /* curl's next one */
    CURLM *multi;
    bool due; /* curl wants to be called, not for a socket */
    struct transfer *pool;
    struct watch **watches; /* by file descriptor; NULL: not watched */
    size_t watches_size;
};

/* One of curl's sockets. The handle stays with it as long as it is open, also
 * while the connection idles between two calls: to stop and start it for each
 * call would be four system calls (measured: 12-20 % of a call's CPU time). */
struct watch {
    uv_poll_t poll;
    struct http_client *client;
    curl_socket_t fd;
    int events;  /* what the loop watches for; 0: stopped */
    bool wanted; /* curl wants to hear of it */
};

/* --- Letting curl work -------------------------------------------------------------- */

static void wake_finished(struct http_client *client)
{
    int left;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct transfer *transfer = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        transfer->result = message->data.result;
        transfer->paused = false;
        wait_wake(&transfer->wait);
    }
}

static void let_curl_work(struct http_client *client, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(client->multi, fd, events, &running);
    wake_finished(client);
}

/* After each batch of fibers: all calls that they began go out together. */
static void on_batch_end(void *arg)
{
    struct http_client *client = arg;
    if (!client->due)
        return;
    client->due = false;
    let_curl_work(client, CURL_SOCKET_TIMEOUT, 0);
}

/* --- Time ------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    struct http_client *client = timer->data;
    client->due = true; /* the batch that follows sees to it */
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *arg)
{
    (void)multi;
    struct http_client *client = arg;
    if (timeout_ms < 0)
        uv_timer_stop(&client->timer);
    else
        uv_timer_start(&client->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

/* --- Sockets ---------------------------------------------------------------------- */

static void on_socket(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = (struct watch *)poll;
    if (status < 0)
        watch->events = 0; /* libuv has stopped it */
    if (!watch->wanted) {
        /* Closed while idle: curl sees it before it uses the connection again. */
        uv_poll_stop(poll);
        watch->events = 0;
        return;
    }
    /* Told of an error, curl gives up at once, without a reason; told to read, it
     * takes what came before a reset, and says what is wrong. */
    int flags = status < 0 ? CURL_CSELECT_IN : 0;
    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    let_curl_work(watch->client, watch->fd, flags);
}

static bool make_room(struct http_client *client, size_t index)
{
    if (index < client->watches_size)
        return true;
    size_t size = 2 * index + 64;
    struct watch **bigger = realloc(client->watches, size * sizeof *bigger);
    if (!bigger)
        return false;
    for (size_t i = client->watches_size; i < size; i++)
        bigger[i] = NULL;
    client->watches = bigger;
    client->watches_size = size;
    return true;
}

static struct watch *watch_of(struct http_client *client, curl_socket_t fd)
{
    return (size_t)fd < client->watches_size ? client->watches[fd] : NULL;
}

static struct watch *watch_new(struct http_client *client, curl_socket_t fd)
{
    if (!make_room(client, (size_t)fd))
        return NULL;
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch || uv_poll_init_socket(loop_uv(), &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->client = client;
    watch->fd = fd;
    client->watches[fd] = watch;
    return watch;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle); /* the first member of what was allocated */
}

static void watch_free(struct watch *watch)
{
    watch->client->watches[watch->fd] = NULL;
    uv_close((uv_handle_t *)&watch->poll, free_handle);
}

/* A socket that curl waits to write to alone is one that is still connecting. Where
 * such a call is given up, curl closes it without CLOSESOCKETFUNCTION (7.88), so the
 * handle must not outlive it: the next socket of that number would be taken for it. */
static void watch_rest(struct watch *watch)
{
    watch->wanted = false;
    if (watch->events == UV_WRITABLE)
        watch_free(watch);
}

/* curl says what it wants to hear of a socket. Where memory is out we do not
 * listen, and the call ends at its deadline: an error here would end them all. */
static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    (void)easy;
    (void)unused;
    struct watch *watch = watch_of(arg, fd);
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            watch_rest(watch);
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

static int on_curl_close(void *arg, curl_socket_t fd)
{
    struct watch *watch = watch_of(arg, fd);
    if (watch)
        watch_free(watch);
    return close(fd);
}

/* --- Transfers -------------------------------------------------------------------- */

static void transfer_set_up(struct http_client *client, struct transfer *transfer)
{
    transfer_set_defaults(transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_CLOSESOCKETFUNCTION, on_curl_close);
    curl_easy_setopt(transfer->easy, CURLOPT_CLOSESOCKETDATA, client);
}

static void transfer_free(struct transfer *transfer)
{
    if (!transfer)
        return;
    curl_easy_cleanup(transfer->easy);
    curl_url_cleanup(transfer->origin); /* after what borrows it */
    free(transfer);
}

struct transfer *transfer_take(struct http_client *client)
{
    struct transfer *transfer = client->pool;
    if (transfer) {
        client->pool = transfer->next;
        return transfer;
    }
    transfer = calloc(1, sizeof *transfer);
    if (!transfer || !(transfer->easy = curl_easy_init()) || !(transfer->origin = curl_url())) {
        transfer_free(transfer);
        return NULL;
    }
    transfer_set_up(client, transfer);
    return transfer;
}

void transfer_give_back(struct http_client *client, struct transfer *transfer, bool altered)
{
    if (altered) {
        curl_easy_reset(transfer->easy);
        transfer_set_up(client, transfer);
    }
    transfer->next = client->pool;
    client->pool = transfer;
}

/* The others have had their turn. What curl held back comes at once, in a callback. */
static enum wait_result resume(struct http_client *client, struct transfer *transfer, int64_t deadline)
{
    transfer->paused = false;
    transfer->turn_bytes = 0;
    wait_init(&transfer->wait);
    client->due = true;
    transfer->result = curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
    return transfer->result == CURLE_OK ? wait_park(&transfer->wait, deadline) : WAIT_WOKEN;
}

enum wait_result transfer_run(struct http_client *client, struct transfer *transfer, int64_t deadline)
{
    wait_init(&transfer->wait);
    if (curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK) {
        transfer->result = CURLE_FAILED_INIT;
        return WAIT_WOKEN;
    }
    client->due = true;
    enum wait_result result = wait_park(&transfer->wait, deadline);
    while (result == WAIT_WOKEN && transfer->paused)
        result = resume(client, transfer, deadline);
    curl_multi_remove_handle(client->multi, transfer->easy);
    return result;
}

/* --- Life ------------------------------------------------------------------------- */

struct http_client *http_client_new(size_t max_connections)
{
    struct http_client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    client->multi = curl_multi_init();
    if (!client->multi) {
        curl_global_cleanup();
        free(client);
        return NULL;
    }
    uv_timer_init(loop_uv(), &client->timer);
    client->timer.data = client;
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)max_connections);
    loop_add_hook(on_batch_end, client);
    return client;
}

void http_client_free(struct http_client *client)
{
    loop_remove_hook(on_batch_end, client);
    while (client->pool) {
        struct transfer *transfer = client->pool;
        client->pool = transfer->next;
        transfer_free(transfer);
    }
    curl_multi_cleanup(client->multi);
    curl_global_cleanup();
    free(client->watches);
    uv_close((uv_handle_t *)&client->timer, free_handle);
}
