/* consul_http: one question to the Consul agent, and its answer.
 *
 * Where the agent is, who we are (token), how it is reached (TLS): what each
 * call needs and no caller wants to think of. The token goes into a header and
 * nowhere else: never into a log, an error or a URL.
 */
#ifndef REGISTRY_CONSUL_HTTP_H
#define REGISTRY_CONSUL_HTTP_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/http_client.h"
#include "net/url.h"
#include "registry/consul/consul.h"

enum {
    CONSUL_TOKEN_MAX = 512,            /* bytes; Consul's own are UUIDs */
    CONSUL_SMALL_REPLY = 1024 * 1024,  /* cap of every reply but lists */
};

/* All other fields are private. */
struct consul_http {
    unsigned token_changes; /* how often its file has brought another token */
    struct http_client *client;
    struct url url;
    bool is_https;
    struct http_tls tls;
    const char *token_file;
    char token_header[CONSUL_TOKEN_MAX + 32]; /* "" where there is no token */
};

/* -1: the address, or the token's file, cannot be used. May block (reads a file):
 * for the start of a program. */
int consul_http_open(struct consul_http *http, const struct consul_config *config, struct http_client *client,
                     struct err *err);

/* `call` says what is asked; whom, with which token and how is filled in here. 0:
 * Consul answered, whatever the status; at a 403 the token's file is read again, and
 * where it has changed the question asked again. */
int consul_http_call(struct consul_http *http, const struct http_call *call, struct http_response *response,
                     struct err *err);

/* Makes an error of an answer that we did not hope for: status and first line. Returns -1. */
int consul_http_refused(const struct http_response *response, struct err *err);

#endif
