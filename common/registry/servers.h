/* servers: one registry that runs as several servers, each of which can reply (the members of an etcd cluster,
 * Nacos' servers, Eureka's peers).
 *
 * A call goes to the server that replied last. If it does not reply, or replies with a 5xx, the call goes to the
 * next, and the time that is left is shared among those not tried yet. So calls stay with one server for as long
 * as it answers. A kind whose servers do not copy what they are told calls each of them.
 */
#ifndef REGISTRY_SERVERS_H
#define REGISTRY_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/http_client.h"
#include "net/url.h"

/* What a server's URL may leave out, and may have. */
struct servers_syntax {
    bool user;          /* it may have user:password@ */
    const char *scheme; /* NULL: required */
    uint16_t port;      /* 0: required */
    const char *path;   /* the default; NULL: a URL with a path is not accepted */
    const char *error;  /* of servers_open, for a text that cannot be parsed: names the setting and what it accepts */
};

/* The number of comma-separated URLs, http or https; or -1 if one of them cannot be used. Fills in urls, unless it
 * is NULL. A path has no '/' at its end. */
int servers_parse(const char *text, const struct servers_syntax *syntax, struct url *urls);

/* All fields are private, except that url and the index of the current one may be read. */
struct servers {
    struct http_client *client;
    struct http_tls tls;
    struct url *urls;
    size_t count;
    size_t current; /* gets the next call */
};

/* 0, or -1: ERR_INVALID (text cannot be parsed), or out of memory. */
int servers_open(struct servers *servers, const char *text, const struct servers_syntax *syntax,
                 struct http_client *client, struct err *err);
void servers_close(struct servers *servers);

/* Sends one request to this server: fills in its host, port and TLS. Its URL's path is prepended to the call's by
 * the caller, who knows how. */
int servers_send(struct servers *servers, const struct url *server, const struct http_call *call,
                 struct http_response *response, struct err *err);

/* Makes a call to one server; as http_call. */
typedef int (*server_call)(void *arg, const struct url *server, int64_t deadline, struct http_response *response,
                           struct err *err);
/* Tries the servers one after another. 0: a server replied, whatever the status; the result is that of the last
 * one tried. -1: none replied in time; err is that of the last one tried, but rather of one that said why, such as a
 * refused login. */
int servers_call(struct servers *servers, server_call call, void *arg, int64_t deadline,
                 struct http_response *response, struct err *err);
/* Calls every server, the current one first. 0: at least one call succeeded. -1: none, with err as above. */
int servers_call_each(struct servers *servers, server_call call, void *arg, int64_t deadline,
                      struct http_response *response, struct err *err);

#endif
