/* request: the first lines of most handlers. What is wrong with a request is
 * answered here, with the contract's status; the handler then only returns.
 */
#ifndef SERVICE_REQUEST_H
#define SERVICE_REQUEST_H

#include <jansson.h>

#include "net/http_server.h"

/* The id in the path, borrowed; or NULL, and 400 is answered. */
const char *request_id(struct http_request *req);

/* The JSON object in the body, a new reference; or NULL, and 415, 400 or 422 is answered. */
json_t *request_object_new(struct http_request *req);

#endif
