#include "guard.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* The length of the name in front of ":port"; an IPv6 address has brackets. */
static size_t name_len(const char *host)
{
    const char *bracket = *host == '[' ? strchr(host, ']') : NULL;
    return bracket ? (size_t)(bracket - host) + 1 : strcspn(host, ":");
}

static bool is_port(const char *text)
{
    return *text == '\0' || (*text == ':' && text[1] && strspn(text + 1, "0123456789") == strlen(text + 1));
}

static bool is_loopback(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    size_t len = name_len(host);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && strncasecmp(host, names[i], len) == 0)
            return is_port(host + len);
    return false;
}

static const char *port_of(const char *host)
{
    const char *port = host + name_len(host);
    return *port ? port : ":80";
}

static bool is_same(const char *host, const char *origin)
{
    if (strncasecmp(origin, "http://", 7) != 0)
        return false;
    const char *other = origin + 7;
    return is_loopback(other) && name_len(other) == name_len(host) && strncasecmp(other, host, name_len(host)) == 0 &&
           strcmp(port_of(other), port_of(host)) == 0;
}

const char *guard_site_reason(const char *site)
{
    if (!site || strcasecmp(site, "same-origin") == 0 || strcasecmp(site, "none") == 0)
        return NULL;
    return "the request comes from another page: see its Sec-Fetch-Site";
}

const char *guard_reason(const char *host, const char *origin)
{
    if (!host || !is_loopback(host))
        return "the Host of the request is not 127.0.0.1, localhost or [::1]";
    if (origin && !is_same(host, origin))
        return "the request comes from another page: its Origin is not this server";
    return NULL;
}
