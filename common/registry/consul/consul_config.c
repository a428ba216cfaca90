#include "registry/consul/consul_config.h"

#include <stdio.h>
#include <string.h>

/* As Consul's own tools do: CONSUL_HTTP_SSL means https even if the address says http. The default port is
 * that of the scheme, or 8500 if there is no scheme either. */
int consul_parse_address(const char *address, bool ssl, struct url *url, bool *is_https)
{
    char text[600];
    bool has_scheme = strstr(address, "://") != NULL;
    int len = snprintf(text, sizeof text, "%s%s", has_scheme ? "" : "http://", address);
    if (len < 0 || (size_t)len >= sizeof text || url_parse(text, url) != 0)
        return -1;

    *is_https = ssl || strcmp(url->scheme, "https") == 0;
    if (strcmp(url->scheme, "https") != 0 && strcmp(url->scheme, "http") != 0)
        return -1; /* for example unix:// */
    if (*url->user || *url->password || (*url->path && strcmp(url->path, "/") != 0))
        return -1;
    if (url->port == 0)
        url->port = !has_scheme ? 8500 : *is_https ? 443 : 80;
    return 0;
}

int consul_check_address(const char *address)
{
    struct url url;
    bool is_https;
    return consul_parse_address(address, false, &url, &is_https);
}
