/* drain: stop without a single failed request.
 *
 * Deregistering is not enough: for a while callers still hold the old list. A
 * fixed pause guesses how long. We see it: as long as requests come, somebody
 * still knows us. So:
 *   1. at once: /health says 503 draining, replies close their connections, and
 *      the instance deregisters;
 *   2. once no request but health checks and scrapes has come for a second, the
 *      listener closes;
 *   3. what is in flight is finished.
 * All of it within DRAIN_TIMEOUT: what is not done by then is cut off.
 */
#ifndef SERVICE_DRAIN_H
#define SERVICE_DRAIN_H

#include <stdint.h>

#include "net/http_server.h"
#include "service/health.h"
#include "service/registries.h"

/* Takes the server over: it is closed and freed afterwards, and we are in no
 * registry any more. Waits; runs in a fiber that nobody cancels. */
void drain_run(struct http_server *server, struct health *health, struct registries *registries, int64_t timeout_ms);

#endif
