/* resolve: resolves a host name to its addresses without blocking the loop.
 *
 * getaddrinfo blocks, for 10 s if the name server does not reply. A library that gets a
 * name would call it on the loop, so libraries get addresses only. A name may have
 * several addresses, and the server may listen on the last one only (localhost: ::1 and
 * 127.0.0.1): a client tries one after the other.
 */
#ifndef LOOP_RESOLVE_H
#define LOOP_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum {
    ADDRESS_MAX = 46,  /* INET6_ADDRSTRLEN: the longest address as text, with its '\0' */
    ADDRESSES_MAX = 8, /* of one name; a DNS reply of 512 bytes has room for more, but each costs a timeout */
};

struct addresses {
    char list[ADDRESSES_MAX][ADDRESS_MAX];
    int count;
};

/* True for an IPv4 or IPv6 address as text, without brackets. */
bool address_is_numeric(const char *text);

/* Writes the addresses of `host`, at least one, IPv4 before IPv6 and otherwise in the
 * resolver's order; a numeric host is copied at once. 0, or -1 with ERR_UNREACHABLE
 * (unknown name), ERR_TIMEOUT or ERR_CANCELLED. */
int resolve_host(const char *host, struct addresses *out, int64_t deadline, struct err *err);

/* For tests: calls this on the thread instead of getaddrinfo; false: the name is unknown. NULL: getaddrinfo again. */
void resolve_with(bool (*look_up)(const char *host, struct addresses *out));

#endif
