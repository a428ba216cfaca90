/* url: parses the URL of a setting; encodes and decodes percent escapes (RFC 3986). It uses
 * curl's URL parser. Only this module and the HTTP client use curl.
 */
#ifndef NET_URL_H
#define NET_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct url {
    char scheme[16];
    char user[128], password[256]; /* decoded; "" for none */
    char host[256];                /* no brackets */
    uint16_t port;                 /* 0: none given */
    char path[256];                /* "" or "/…", as written */
};

/* 0, or -1: not a URL, a part too long, a control character, a query or fragment. */
int url_parse(const char *text, struct url *url);

/* "." or "..": clients and servers remove these from a path (RFC 3986, 5.2.4), percent-encoded or not. */
bool url_is_dot_segment(const char *text, size_t len);
/* Appends text percent-encoded, as a value in a query. False at the buffer's cap. */
bool url_add_query(struct buf *out, const char *text);
/* Appends text percent-encoded, as one segment of a path. False at the buffer's cap, or for a dot segment: no
 * encoding protects it, so the request would go to another path. */
bool url_add_segment(struct buf *out, const char *text);
/* Decodes %XX in place (not '+'). -1 for a broken escape. *len is the new length, because the result may
 * contain a '\0'. */
int url_decode(char *text, size_t *len);

#endif
