/* http_multi: runs curl's transfers on our loop, so that a fiber can wait for one.
 *
 * Private to the HTTP client, whose files are, lowest first:
 *
 *     http_call.h          the request and the reply of one call
 *     http_multi.c         curl's sockets and timer on our loop; runs a transfer
 *     http_call_request.c  sets what one call sends
 *     http_call_response.c receives the reply
 *     http_call_result.c   what came of a call: our error codes and texts
 *     http_client.c        the call: the pool, names with several addresses
 */
#ifndef NET_HTTP_MULTI_H
#define NET_HTTP_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/fiber.h"
#include "net/http_call.h"

struct http_multi;

/* One curl easy handle and the call that it performs. */
struct transfer {
    CURL *easy;
    CURLU *origin; /* scheme, host and port of `easy`; the next three fields hold the same */
    bool secure;
    char host[256];
    uint16_t port;         /* 0: not set */
    struct transfer *next; /* in the pool */
    struct wait wait;
    CURLcode result; /* valid after the wait was woken */
    int socket_error; /* errno of socket() for this call; 0: none */
    bool paused;     /* woken only to resume curl */

    /* One call; set and read by http_client.c and the http_call_ files. */
    const struct http_call *call;
    struct http_response *response;
    int64_t deadline;             /* the call's, moved by what has arrived of a stream */
    size_t received;              /* bytes of the body */
    size_t turn_bytes;            /* bytes of the body since curl was last resumed */
    bool head_ended;              /* the empty line has arrived */
    enum err_code callback_error; /* why a callback of ours ended the transfer */
    char curl_error[CURL_ERROR_SIZE];
};

/* NULL: out of memory. max_connections: see http_client_new. */
struct http_multi *http_multi_new(size_t max_connections);
void http_multi_free(struct http_multi *multi); /* after all its transfers */
void http_multi_limit(struct http_multi *multi, size_t connections); /* see http_client_limit */

/* Sets the options by which http_multi recognises the transfer and its sockets. To be
 * called for a new easy handle, and again after curl_easy_reset. */
void http_multi_attach(struct http_multi *multi, struct transfer *transfer);
/* Runs it until it has ended (WAIT_WOKEN: see `result`), its deadline passes or the
 * fiber is cancelled. In each case curl no longer uses it afterwards. */
enum wait_result http_multi_run(struct http_multi *multi, struct transfer *transfer);
/* Called by a callback that returns CURL_WRITEFUNC_PAUSE: other fibers run before curl
 * delivers more of this transfer. */
void http_multi_pause(struct transfer *transfer);

#endif
