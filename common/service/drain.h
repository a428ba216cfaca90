/* drain: graceful shutdown, without a single failed request.
 *
 * Deregistering is not enough: for a while, callers still use their cached list.
 * A fixed pause can only guess how long. We measure it: as long as requests
 * arrive, some caller still has this instance in its list. So:
 *   1. at once: /health replies 503 draining, each reply closes its connection,
 *      and the instance deregisters;
 *   2. when no request except health checks and scrapes has come for a second,
 *      the listener closes;
 *   3. requests in progress are finished.
 * All of this ends by DRAIN_TIMEOUT: requests still in progress are then cut off. If callers have not stopped by then,
 * the last requests get an eighth of that time more, at most half a second.
 */
#ifndef SERVICE_DRAIN_H
#define SERVICE_DRAIN_H

#include <stdint.h>

#include "net/http_server.h"
#include "service/health.h"
#include "service/registries.h"

/* Closes and frees the server, and deregisters from all registries. Waits; the fiber
 * that calls it must not be cancelled. */
void drain_run(struct http_server *server, struct health *health, struct registries *registries, int64_t timeout_ms);

#endif
