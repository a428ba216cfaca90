/* etcd: a key-value store as a registry (the lesson's second kind).
 *
 * etcd checks no instance, so each instance does this itself. Its key is on a lease, which its heartbeats
 * keep alive: when the instance is killed, the lease expires and the key disappears. The key's value holds
 * the result of its deep check as its status. Callers read the keys of a service; a watch shows when to read
 * them again.
 *
 * The calls go to the JSON gateway of etcd 3.4 and later (/v3/…). With several endpoints of one cluster, the
 * next endpoint is used when one fails.
 */
#ifndef REGISTRY_ETCD_H
#define REGISTRY_ETCD_H

#include "base/err.h"
#include "registry/etcd/etcd_http.h"
#include "registry/registry.h"

struct http_client;

/* endpoints: as etcd_check_endpoints. NULL with err: they cannot be used, or out of memory. */
struct registry *etcd_new(const char *endpoints, struct http_client *http, struct err *err);

#endif
