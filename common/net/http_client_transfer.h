/* http_client_transfer: a curl easy handle that a fiber can wait for.
 *
 * Inside of http_client: http_client.c runs transfers on the loop, http_call_request.c
 * says what each asks, http_call.c understands what it brought.
 */
#ifndef NET_HTTP_CLIENT_TRANSFER_H
#define NET_HTTP_CLIENT_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/fiber.h"
#include "net/http_client.h"

struct transfer {
    CURL *easy;
    CURLU *origin; /* whom `easy` asks: the three below, as they were last set */
    bool secure;
    char host[256];
    uint16_t port; /* 0: none was set */
    struct transfer *next; /* in the pool */
    struct wait wait;
    CURLcode result; /* once the wait was woken */
    bool paused;     /* woken only to let curl go on */

    /* One call; set and read by http_call.c. */
    const struct http_call *call;
    struct http_response *response;
    size_t received;        /* bytes of the body */
    size_t turn_bytes;      /* of them in this turn */
    bool head_ended;        /* the empty line was seen */
    enum err_code refusal;  /* why a callback of ours ended it */
    char curl_says[CURL_ERROR_SIZE];
};

/* An unused handle, set for a plain GET; NULL: out of memory. */
struct transfer *transfer_take(struct http_client *client);
/* Runs it until it ended (WAIT_WOKEN: see `result`), or is given up. Either way
 * curl has let go of it. */
enum wait_result transfer_run(struct http_client *client, struct transfer *transfer, int64_t deadline);
/* `altered`: it is no longer set for a plain GET. */
void transfer_give_back(struct http_client *client, struct transfer *transfer, bool altered);

/* What is the same for every call; in http_call.c. */
void transfer_set_defaults(struct transfer *transfer);

#endif
