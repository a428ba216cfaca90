/* consul_config: how to reach Consul's agent, from the settings CONSUL_HTTP_* that Consul's own tools read too. */
#ifndef REGISTRY_CONSUL_CONFIG_H
#define REGISTRY_CONSUL_CONFIG_H

#include <stdbool.h>

#include "net/url.h"

/* Borrowed for as long as the registry lives. "" for what is not set. */
struct consul_config {
    const char *address;    /* CONSUL_HTTP_ADDR: http://host:port or host:port */
    const char *token;
    const char *token_file; /* used instead of token; read again when Consul replies 403 */
    bool ssl;               /* CONSUL_HTTP_SSL: https, whatever scheme the address has */
    bool ssl_verify;
    const char *ca_file, *client_cert, *client_key, *tls_server_name;
};

/* 0, or -1 if the address cannot be used. */
int consul_parse_address(const char *address, bool ssl, struct url *url, bool *is_https);
/* The same, for the check of a setting. */
int consul_check_address(const char *address);

#endif
