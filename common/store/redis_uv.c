#include "store/redis_uv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

#include "loop/loop.h"

struct adapter {
    uv_poll_t poll;
    redisAsyncContext *context; /* NULL once hiredis has freed it */
    int events;                 /* polled for now */
    bool dirty;                 /* something to write since the last flush */
};

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct adapter *adapter = (struct adapter *)poll;
    if (status < 0 || events & UV_READABLE)
        redisAsyncHandleRead(adapter->context);
    if (adapter->context && events & UV_WRITABLE)
        redisAsyncHandleWrite(adapter->context);
}

static void poll_for(struct adapter *adapter, int events)
{
    if (events == adapter->events)
        return;
    adapter->events = events;
    if (events)
        uv_poll_start(&adapter->poll, events, on_poll);
    else
        uv_poll_stop(&adapter->poll);
}

static void add_read(void *data)
{
    struct adapter *adapter = data;
    poll_for(adapter, adapter->events | UV_READABLE);
}

static void del_read(void *data)
{
    struct adapter *adapter = data;
    poll_for(adapter, adapter->events & ~UV_READABLE);
}

/* hiredis calls it for each command, and after a write that was not complete. */
static void add_write(void *data)
{
    struct adapter *adapter = data;
    adapter->dirty = true;
    if (!(adapter->context->c.flags & REDIS_CONNECTED)) /* writable will mean: connected */
        poll_for(adapter, adapter->events | UV_WRITABLE);
}

static void del_write(void *data)
{
    struct adapter *adapter = data;
    adapter->dirty = false;
    poll_for(adapter, adapter->events & ~UV_WRITABLE);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void cleanup(void *data)
{
    struct adapter *adapter = data;
    adapter->context = NULL;
    uv_close((uv_handle_t *)&adapter->poll, free_handle);
}

int redis_uv_attach(redisAsyncContext *context)
{
    struct adapter *adapter = calloc(1, sizeof *adapter);
    if (!adapter || uv_poll_init(loop_uv(), &adapter->poll, context->c.fd) != 0) {
        free(adapter);
        return -1;
    }
    adapter->context = context;
    context->ev.data = adapter;
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = cleanup;
    return 0;
}

void redis_uv_flush(redisAsyncContext *context)
{
    struct adapter *adapter = context->ev.data;
    if (!adapter->dirty || !(context->c.flags & REDIS_CONNECTED))
        return;
    adapter->dirty = false;
    redisAsyncHandleWrite(context);
    /* hiredis set dirty again if data is left: then wait until the socket is writable. */
    if (adapter->context && adapter->dirty)
        poll_for(adapter, adapter->events | UV_WRITABLE);
}
