#include "net/http_syntax.h"

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

static size_t count_of(const char *text, size_t len, const char *also)
{
    size_t count = 0;
    while (count < len && text[count] && (is_alphanumeric((unsigned char)text[count]) || strchr(also, text[count])))
        count++;
    return count;
}

bool http_is_host(const char *text, size_t len)
{
    size_t host = 0;
    if (len > 0 && text[0] == '[') { /* an IPv6 address */
        host = 1 + count_of(text + 1, len - 1, ":.%");
        if (host < 3 || host == len || text[host] != ']')
            return false;
        host++;
    } else {
        host = count_of(text, len, "-._~%!$&'()*+,;=");
    }
    if (host == len)
        return true;
    if (text[host] != ':')
        return false;
    size_t digits = strspn(text + host + 1, "0123456789");
    return host + 1 + digits >= len;
}

bool http_is_path(const char *text, size_t len)
{
    if (len == 0 || text[0] != '/')
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return true;
}
