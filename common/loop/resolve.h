/* resolve: resolves a host name to an address without blocking the loop.
 *
 * getaddrinfo blocks, for 10 s if the name server does not reply. A library that gets a
 * name would call it on the loop, so libraries get addresses only.
 */
#ifndef LOOP_RESOLVE_H
#define LOOP_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { ADDRESS_MAX = 46 }; /* INET6_ADDRSTRLEN: the longest address as text, with its '\0' */

/* True for an IPv4 or IPv6 address as text, without brackets. */
bool address_is_numeric(const char *text);

/* Writes the first address of `host` (IPv4 before IPv6) to `out`; a numeric
 * host is copied at once. 0, or -1 with ERR_UNREACHABLE (unknown name),
 * ERR_TIMEOUT or ERR_CANCELLED. */
int resolve_host(const char *host, char out[ADDRESS_MAX], int64_t deadline, struct err *err);

#endif
