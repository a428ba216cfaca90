/* consul_http: one request to Consul's agent, and its reply.
 *
 * Adds to each request what its caller need not know: the agent's address, the token, TLS. The token goes
 * into a header and nowhere else: never into a log line, an error or a URL.
 */
#ifndef REGISTRY_CONSUL_HTTP_H
#define REGISTRY_CONSUL_HTTP_H

#include "base/err.h"
#include "net/http_client.h"
#include "net/url.h"
#include "registry/consul/consul_config.h"

enum {
    CONSUL_TOKEN_MAX = 512,           /* bytes; Consul's own tokens are UUIDs */
    CONSUL_SMALL_REPLY = 1024 * 1024, /* bytes: cap of every reply but lists */
};

/* All other fields are private. */
struct consul_http {
    unsigned token_changes; /* how often the token's file had another token */
    struct http_client *client;
    struct url url;
    bool is_https;
    struct http_tls tls;
    const char *token_file;
    char token_header[CONSUL_TOKEN_MAX + 32]; /* "" for no token */
};

/* -1: the address, or the token's file, cannot be used. Blocks while it reads the file: only for the start
 * of a program. */
int consul_http_open(struct consul_http *http, const struct consul_config *config, struct http_client *client,
                     struct err *err);

/* Fills in the call's host, port, headers and TLS, and sends it. 0: Consul replied, whatever the status. On
 * a 403 reads the token's file again, and sends the call once more if the token has changed. */
int consul_http_call(struct consul_http *http, const struct http_call *call, struct http_response *response,
                     struct err *err);

/* Sets err to a reply's status and first line. Returns -1. */
int consul_http_error(const struct http_response *response, struct err *err);

#endif
