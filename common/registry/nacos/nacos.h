/* nacos: Alibaba's registry (the lesson's third kind), through its HTTP API.
 *
 * Nacos checks no such instance: it is ephemeral, so it sends heartbeats, and the server marks it unhealthy and then
 * removes it when they stay out. Like Eureka, Nacos is available rather than consistent for these: each server
 * answers from what it knows. A list is polled. Nacos 3 pushes changes only over gRPC (BiRequestStream on port 9848,
 * protobuf with JSON inside, a handshake and a connection that the server rebalances); for a list that is read every
 * DISCOVERY_CACHE_TTL / 2 this would be a second protocol of several hundred lines for one kind.
 *
 * Two versions of the API: nacos_request.h. Servers of version 3 do not forward what they are not responsible for, so
 * there an instance registers with every server, and sends its heartbeats to every one; lists come from one.
 */
#ifndef REGISTRY_NACOS_H
#define REGISTRY_NACOS_H

#include "base/err.h"
#include "registry/nacos/nacos_config.h"
#include "registry/registry.h"

struct http_client;

/* NULL with err: the addresses cannot be used, or out of memory. */
struct registry *nacos_new(const struct nacos_config *config, struct http_client *http, struct err *err);

#endif
