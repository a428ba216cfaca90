/* etcd: a key-value store as a registry (the lesson's second kind).
 *
 * etcd checks nobody's health. What Consul's agent does for its instances, each
 * does here for itself: its key hangs on a lease that it keeps alive (so a killed
 * one is gone when the lease runs out), and its own deep health is the status in
 * the key's value. Callers read the keys of a service, and a watch tells them
 * when to read again.
 *
 * Through the JSON gateway of etcd 3.4 and later (/v3/…). With several endpoints
 * of one cluster, the next one is asked where one fails.
 */
#ifndef REGISTRY_ETCD_H
#define REGISTRY_ETCD_H

#include "base/err.h"
#include "registry/registry.h"

struct http_client;

/* endpoints: URLs, comma-separated: http[s]://[user:password@]host:port. NULL with
 * err: they cannot be used, or out of memory. */
struct registry *etcd_new(const char *endpoints, struct http_client *http, struct err *err);
/* 0 or -1: can they be used? For checking a setting. */
int etcd_check_endpoints(const char *endpoints);

#endif
