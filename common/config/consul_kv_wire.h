/* consul_kv_wire: the JSON of Consul's KV store, as a pure function that does no I/O. */
#ifndef CONFIG_CONSUL_KV_WIRE_H
#define CONFIG_CONSUL_KV_WIRE_H

#include <stddef.h>

#include "base/err.h"
#include "config/config_source.h"

/* Parses the reply to GET /v1/kv/<folder>?recurse: adds each key below the folder ("config/order-service/") with its
 * value, which is in base64 in the reply. A key that ends in '/' is a folder: left out. -1: the reply is not
 * Consul's, or out of memory; the caller closes the entries in either case. */
int consul_kv_parse(const char *body, size_t len, const char *folder, struct config_entries *entries,
                    struct err *err);

#endif
