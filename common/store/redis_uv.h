/* redis_uv: hiredis on the loop.
 *
 * hiredis brings an adapter for libuv, but that one ignores errors of the
 * socket: a refused connection is never reported. This one hands them to hiredis
 * as something to read, and does not poll for writing while there is nothing that
 * waits: what all fibers of a turn sent is written by one call of redis_uv_flush.
 */
#ifndef STORE_REDIS_UV_H
#define STORE_REDIS_UV_H

#include <hiredis/async.h>

/* Attaches a context that is connecting. From then on hiredis owns what it needs
 * here, until redisAsyncFree. 0 or -1. */
int redis_uv_attach(redisAsyncContext *context);
/* Writes what was sent, as far as the socket takes it. May end the connection,
 * and with it the context. */
void redis_uv_flush(redisAsyncContext *context);

#endif
