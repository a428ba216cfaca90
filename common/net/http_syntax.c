#include "net/http_syntax.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

static bool is_alphanumeric(unsigned char c)
{
    return (unsigned)(c | 0x20) - 'a' < 26 || (unsigned)c - '0' < 10;
}

static bool is_token_character(unsigned char c)
{
    return is_alphanumeric(c) || c == '-' || (c && strchr("!#$%&'*+.^_`|~", c));
}

bool http_is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_token_character((unsigned char)text[i]))
            return false;
    return len > 0;
}

bool http_is_field_value(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < ' ' ? c != '\t' : c == 0x7f)
            return false;
    }
    return true;
}

size_t http_trimmed_len(const char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    return len;
}

static size_t count_of(const char *text, size_t len, const char *also)
{
    size_t count = 0;
    while (count < len && text[count] && (is_alphanumeric((unsigned char)text[count]) || strchr(also, text[count])))
        count++;
    return count;
}

static bool has_valid_escapes(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == '%' && (i + 2 >= len || !isxdigit((unsigned char)text[i + 1]) ||
                               !isxdigit((unsigned char)text[i + 2])))
            return false;
    return true;
}

/* The inside of "[::1]", perhaps with a zone: "fe80::1%25eth0" (RFC 6874). */
static bool is_ipv6(const char *text, size_t len)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr unused;
    const char *zone = memchr(text, '%', len);
    size_t address_len = zone ? (size_t)(zone - text) : len;
    if (address_len >= sizeof address || (zone && len - address_len < 2))
        return false;
    memcpy(address, text, address_len);
    address[address_len] = '\0';
    return inet_pton(AF_INET6, address, &unused) == 1;
}

static bool is_port(const char *text, size_t len)
{
    unsigned port = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned char)text[i] - (unsigned)'0';
        port = port * 10 + digit;
        if (digit > 9 || port > 65535)
            return false;
    }
    return true;
}

bool http_is_host(const char *text, size_t len)
{
    size_t host = count_of(text, len, "-._~%!$&'()*+,;=");
    if (len > 0 && text[0] == '[') {
        size_t inside = count_of(text + 1, len - 1, ":.%-_~");
        if (inside + 1 == len || text[inside + 1] != ']' || !is_ipv6(text + 1, inside))
            return false;
        host = inside + 2;
    } else if (!has_valid_escapes(text, host)) {
        return false;
    }
    return host == len || (host > 0 && text[host] == ':' && is_port(text + host + 1, len - host - 1));
}

bool http_is_path(const char *text, size_t len)
{
    if (len == 0 || text[0] != '/')
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '#')
            return false;
    return true;
}
