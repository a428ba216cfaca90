/* http_syntax: the characters of a request's head. Pure functions, no I/O.
 *
 * RFC 9110 and 9112 name what a server must reject: two programs that read the same head
 * in two ways disagree about where a request ends, and an attacker can use that.
 */
#ifndef NET_HTTP_SYNTAX_H
#define NET_HTTP_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

/* A method or the name of a header: letters, digits and !#$%&'*+-.^_`|~, at least one. */
bool http_is_token(const char *text, size_t len);
/* The value of a header: no control character but the tab. Bytes from 0x80 on are allowed. */
bool http_is_field_value(const char *text, size_t len);
/* The length without the blanks at the end, which are not part of a value (RFC 9110, 5.5). */
size_t http_trimmed_len(const char *text, size_t len);
/* A host and perhaps a port, as in `Host`: "", "h", "h:80", "h:", "10.0.0.1", "[::1]:80". */
bool http_is_host(const char *text, size_t len);
/* A path and query: begins with '/', only visible ASCII (the rest must be percent-encoded), no fragment ('#'). */
bool http_is_path(const char *text, size_t len);

#endif
