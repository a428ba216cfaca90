/* http_call: the request and the reply of one HTTP call. The caller fills in a struct
 * http_call; http_client.h makes the call and fills a struct http_response.
 */
#ifndef NET_HTTP_CALL_H
#define NET_HTTP_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "loop/resolve.h"

/* For https; file names as PEM; NULL: curl's default. Borrowed during a call. */
struct http_tls {
    const char *ca_file, *cert_file, *key_file;
    const char *server_name; /* checked instead of the host's name */
    bool skip_verify;
};

struct http_call {
    const char *method; /* NULL: GET */
    const char *host;   /* name, IPv4 or IPv6 (no brackets) */
    uint16_t port;
    const char *path;           /* with the query; encoded by the caller; starts with '/' */
    const char *const *headers; /* "Name: value", NULL-terminated, at most 16; may be NULL */
    const void *body;           /* NULL: none */
    size_t body_len;
    const struct http_tls *tls; /* NULL: plain http */
    int64_t deadline;           /* of the whole call; a stream moves it: see on_data */
    size_t body_cap;            /* bytes of the reply's body, streamed or not; a longer one is ERR_TOO_LARGE */
    /* Streaming, may be NULL: gets each piece of the body as it arrives, at most 16 KiB,
     * instead of response->body; status and head are already in the response. Runs in a
     * callback: must not wait. False ends the call with ERR_CANCELLED. What has arrived
     * moves the deadline: see http_deadline_after. */
    bool (*on_data)(void *arg, const char *bytes, size_t len);
    void *on_data_arg;
};

/* The deadline after `bytes` of a long reply: 1 s later for each MiB. So a long list is read to its end over a slow
 * line and on a slow processor, and a server that is silent or sends single bytes still meets the deadline. */
int64_t http_deadline_after(int64_t deadline, size_t bytes);

struct http_response {
    int status;
    struct buf body;
    struct buf head;                 /* raw header lines, at most 32 KiB */
    char local_address[ADDRESS_MAX]; /* of the socket that reached the host */
};

#define HTTP_RESPONSE_INIT {.status = 0, .body = BUF_INIT(SIZE_MAX / 2), .head = BUF_INIT((size_t)32 * 1024)}

#endif
