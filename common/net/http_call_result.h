/* http_call_result: what came of a call.
 *
 * Private to the HTTP client: turns the result of curl into our error codes, and its texts into words that a
 * caller can understand.
 */
#ifndef NET_HTTP_CALL_RESULT_H
#define NET_HTTP_CALL_RESULT_H

#include "net/http_multi.h"

/* For a transfer that has ended: 0, and the response has its local address; or -1 with an error as of
 * http_call. Logs a limit of our own (base/own_limit.h). */
int transfer_result(struct transfer *transfer, struct err *err);

#endif
