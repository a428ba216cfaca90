/* consul: the registry of the lesson, through its agent's HTTP API.
 *
 * Registration talks to the agent (/v1/agent/...), discovery asks the catalog's
 * health view (/v1/health/service/...), which any agent answers. Blocking
 * queries: "?index=N&wait=10s" is held back by Consul until the list is newer
 * than N (developer.hashicorp.com/consul/api-docs/features/blocking).
 */
#ifndef REGISTRY_CONSUL_H
#define REGISTRY_CONSUL_H

#include <stdbool.h>

#include "base/err.h"
#include "registry/registry.h"

struct http_client;

/* As Consul's own tools read CONSUL_HTTP_*; borrowed as long as the registry lives. */
struct consul_config {
    const char *address;    /* CONSUL_HTTP_ADDR: http://host:port or host:port */
    const char *token;      /* "" for none */
    const char *token_file; /* wins; read again where Consul says 403; "" for none */
    bool ssl;               /* CONSUL_HTTP_SSL: https, whatever scheme the address names */
    bool ssl_verify;
    const char *ca_file, *client_cert, *client_key, *tls_server_name; /* "" for none */
};

/* 0 or -1: can the address be used? For checking a setting. */
int consul_check_address(const char *address);

/* NULL with err: the address, or the token's file, cannot be used. */
struct registry *consul_new(const struct consul_config *config, struct http_client *http, struct err *err);

#endif
