/* proxy: forwards connections to one server, and counts what goes through.
 *
 * A service keeps a connection and sends one request after another, never two at once. So data from the service that
 * follows data from the server is a new request: no HTTP has to be parsed.
 */
#ifndef HARNESS_PROXY_H
#define HARNESS_PROXY_H

#include <stdint.h>

#include "base/err.h"

struct proxy;

struct traffic {
    int64_t requests, bytes; /* bytes: in both directions */
};

/* Listens on any free port of 127.0.0.1 and forwards to this address (IPv4, in text). A connection ends when the
 * server refuses it. NULL with err: it cannot be started. */
struct proxy *proxy_start(const char *address, int port, struct err *err);
int proxy_port(const struct proxy *proxy);
/* Since the start. */
struct traffic proxy_traffic(const struct proxy *proxy);
void proxy_stop(struct proxy *proxy); /* NULL is allowed */

#endif
