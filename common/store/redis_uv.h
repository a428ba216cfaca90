/* redis_uv: runs hiredis on our loop.
 *
 * hiredis has an adapter for libuv of its own, but it ignores errors of the
 * socket: a refused connection is never reported. This adapter passes them to
 * hiredis as something to read. One call of redis_uv_flush writes the commands of all
 * fibers of a turn. Only if data is left after it, the adapter polls for writing.
 */
#ifndef STORE_REDIS_UV_H
#define STORE_REDIS_UV_H

#include <hiredis/async.h>

/* Attaches a context that is connecting. From then on hiredis owns the adapter,
 * until redisAsyncFree. 0 or -1. */
int redis_uv_attach(redisAsyncContext *context);
/* Writes the commands that were sent, as far as the socket takes them. An error may end the
 * connection and free the context. */
void redis_uv_flush(redisAsyncContext *context);

#endif
