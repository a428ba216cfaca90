/* base64: bytes as text (RFC 4648, section 4, with padding).
 *
 * JSON cannot hold arbitrary bytes, so etcd's gateway uses base64 for keys and values; HTTP's basic
 * authentication uses it for a user and a password.
 */
#ifndef REGISTRY_BASE64_H
#define REGISTRY_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends the text for these bytes. False at the buffer's cap. */
bool base64_encode(struct buf *out, const void *bytes, size_t len);
/* Appends the bytes that the text encodes. False: the text is not valid base64, or the buffer is at its cap. */
bool base64_decode(struct buf *out, const char *text, size_t len);

#endif
