/* http_call_response: receives the reply of one call.
 *
 * Private to the HTTP client: curl's callbacks, which fill a struct http_response or pass on the pieces of a
 * stream. They keep the limits on the size of the head and of the body.
 */
#ifndef NET_HTTP_CALL_RESPONSE_H
#define NET_HTTP_CALL_RESPONSE_H

#include "net/http_multi.h"

/* Sets the callbacks. To be called for a new easy handle, and again after curl_easy_reset. */
void response_attach(struct transfer *transfer);
/* Empties the response before a call, and limits its size. It keeps its memory. */
void response_reset(struct http_response *response, const struct http_call *call);

#endif
