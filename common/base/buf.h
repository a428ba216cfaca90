/* buf: a byte buffer that grows, up to a cap.
 *
 * Everything that is read from outside goes into one, so that no peer can make us
 * hold more than the cap. A failed append leaves the buffer as it was. `data` always
 * ends in a '\0' that `len` does not count; it is NULL until the first append.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;
    size_t len;
    size_t size; /* allocated */
    size_t cap;  /* len never exceeds this */
};

/* An empty buffer; allocates nothing. */
#define BUF_INIT(cap_bytes) {.data = NULL, .len = 0, .size = 0, .cap = (cap_bytes)}

/* False if it would exceed the cap or memory is out. */
bool buf_add(struct buf *buf, const void *bytes, size_t len);
bool buf_adds(struct buf *buf, const char *text);
bool buf_addf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The text so far, "" if nothing was added. Borrowed until the next call. */
const char *buf_text(const struct buf *buf);

/* Returns the bytes; the caller frees them. The buffer is empty afterwards. */
char *buf_take(struct buf *buf);

void buf_clear(struct buf *buf); /* empties, keeps the memory */
void buf_close(struct buf *buf); /* frees; may be called twice */

#endif
