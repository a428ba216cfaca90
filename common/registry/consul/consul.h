/* consul: the registry of the lesson, through the HTTP API of its agent.
 *
 * Registration calls the agent (/v1/agent/...). Discovery reads the catalog with health states
 * (/v1/health/service/...), which any agent serves. Blocking queries: Consul holds back the reply to
 * "?index=N&wait=10s" until the list is newer than N (developer.hashicorp.com/consul/api-docs/features/blocking).
 */
#ifndef REGISTRY_CONSUL_H
#define REGISTRY_CONSUL_H

#include "base/err.h"
#include "registry/consul/consul_config.h"
#include "registry/registry.h"

struct http_client;

/* NULL with err: the address, or the token's file, cannot be used. */
struct registry *consul_new(const struct consul_config *config, struct http_client *http, struct err *err);

#endif
