/* snapshot_format: writes a list as the text of a file, and reads it. Pure.
 *
 *     instances v1 1767323045678
 *     user-service-1a2b3c4d<TAB>10.0.0.1<TAB>8001<TAB>zone-a<TAB>1.0.0<TAB>3<TAB>1<TAB>passing<TAB>-
 *     checksum 0123456789abcdef
 *
 * The checksum covers all lines before it: a file that a crash, a full disk or an editor
 * damaged is recognised.
 */
#ifndef DISCOVERY_SNAPSHOT_FORMAT_H
#define DISCOVERY_SNAPSHOT_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "registry/instance_list.h"

/* confirmed_wall_ms: when the registry confirmed the list. 0, or -1: out of memory, or over the buffer's cap. */
int snapshot_write(struct buf *out, const struct instance_list *list, int64_t confirmed_wall_ms);
/* 0 with a list (the caller gets the reference), or -1 with ERR_INVALID: damaged. Changes `text`. */
int snapshot_read(char *text, size_t len, struct instance_list **list, int64_t *confirmed_wall_ms, struct err *err);

#endif
