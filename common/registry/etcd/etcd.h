/* etcd: a key-value store as a registry (the lesson's second kind).
 *
 * etcd checks no instance. So each instance does for itself what Consul's agent does for its instances: its
 * key is on a lease that it keeps alive, so the key of a killed instance disappears when the lease expires;
 * and the key's value holds its deep health as its status. Callers read the keys of a service, and a watch
 * shows when to read them again.
 *
 * The calls go to the JSON gateway of etcd 3.4 and later (/v3/…). With several endpoints of one cluster, the
 * next endpoint is used when one fails.
 */
#ifndef REGISTRY_ETCD_H
#define REGISTRY_ETCD_H

#include "base/err.h"
#include "registry/etcd/etcd_endpoints.h"
#include "registry/registry.h"

struct http_client;

/* endpoints: as etcd_check_endpoints. NULL with err: they cannot be used, or out of memory. */
struct registry *etcd_new(const char *endpoints, struct http_client *http, struct err *err);

#endif
