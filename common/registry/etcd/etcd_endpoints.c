#include "registry/etcd/etcd_endpoints.h"

#include <string.h>

static int parse_endpoint(const char *text, struct url *url)
{
    if (url_parse(text, url) != 0 || url->port == 0 || (*url->path && strcmp(url->path, "/") != 0))
        return -1;
    return strcmp(url->scheme, "http") == 0 || strcmp(url->scheme, "https") == 0 ? 0 : -1;
}

int etcd_parse_endpoints(const char *text, struct url *urls)
{
    for (int count = 0;; text++) {
        size_t len = strcspn(text, ",");
        struct url url;
        char one[512];
        if (len >= sizeof one)
            return -1;
        memcpy(one, text, len);
        one[len] = '\0';
        if (parse_endpoint(one, urls ? &urls[count] : &url) != 0)
            return -1;
        count++;
        text += len;
        if (!*text)
            return count;
    }
}

int etcd_check_endpoints(const char *endpoints)
{
    return etcd_parse_endpoints(endpoints, NULL) < 0 ? -1 : 0;
}
