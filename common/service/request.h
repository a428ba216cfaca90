/* request: the first step of most handlers: read the id or the body. A request
 * that is not acceptable gets its error reply here; the handler then only returns.
 */
#ifndef SERVICE_REQUEST_H
#define SERVICE_REQUEST_H

#include <jansson.h>

#include "net/http_server.h"

/* The id in the path, borrowed; or NULL, after the reply 400. */
const char *request_id(struct http_request *req);

/* The JSON object in the body, a new reference; or NULL, after the reply 415, 400
 * or 422. */
json_t *request_object_new(struct http_request *req);

#endif
