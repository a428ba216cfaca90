#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct buf *buf, size_t more)
{
    if (more > buf->cap - buf->len)
        return false;
    size_t need = buf->len + more + 1;
    if (need <= buf->size)
        return true;

    size_t size = buf->size ? buf->size : 256;
    while (size < need)
        size *= 2;
    char *data = realloc(buf->data, size);
    if (!data)
        return false;
    buf->data = data;
    buf->size = size;
    return true;
}

bool buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (!reserve(buf, len))
        return false;
    if (len)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return true;
}

bool buf_adds(struct buf *buf, const char *text)
{
    return buf_add(buf, text, strlen(text));
}

bool buf_addf(struct buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0 || !reserve(buf, (size_t)len))
        return false;

    va_start(args, fmt);
    vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, args);
    va_end(args);
    buf->len += (size_t)len;
    return true;
}

const char *buf_text(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
    char *data = buf->data;
    buf->data = NULL;
    buf->len = buf->size = 0;
    return data;
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

void buf_close(struct buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->len = buf->size = 0;
}
