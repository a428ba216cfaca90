/* http_call_request: sets what one call sends.
 *
 * Private to the HTTP client: turns a struct http_call into the options of curl's
 * easy handle. The host is resolved first, so curl gets addresses only.
 */
#ifndef NET_HTTP_CALL_REQUEST_H
#define NET_HTTP_CALL_REQUEST_H

#include "net/http_multi.h"

/* The caller's headers, and Host, Expect and Content-Type. */
enum { HEADERS_MAX = 16 + 3 };

/* What curl borrows while a call runs. Lives on the stack of the calling fiber, so
 * that a call on a kept connection allocates no memory of ours. */
struct request {
    struct addresses addresses;
    char connect_to_text[ADDRESS_MAX + 8];
    struct curl_slist connect_to;
    char host_header[300];
    struct curl_slist headers[HEADERS_MAX];
    size_t header_count;
    bool altered; /* options beyond a plain GET were set */
};

/* Sets the address of this number, out of request->addresses, as the one to connect to. If more follow, it
 * gets only its share of the time that is left. */
void request_aim(struct request *request, int number, const struct http_call *call, struct transfer *transfer);

/* Waits if the host is a name; aims at its first address. 0, or -1 with ERR_INVALID (host, path or
 * headers cannot be sent), ERR_BUSY (out of memory), or as resolve_host. `request`
 * must live until the transfer has ended; `altered` is set also after -1. */
int request_set(struct request *request, const struct http_call *call, struct transfer *transfer, struct err *err);

#endif
