/* Fuzzes the parsers of URLs in settings, and of paths of requests. */
#include "fuzz/fuzz.h"
#include "net/http_router.h"
#include "net/url.h"

static void no_handler(struct http_request *req, void *arg)
{
    (void)req, (void)arg;
}

static const struct http_route routes[] = {
    {"GET", "/users/{id}", no_handler, 0},
    {"POST", "/users", no_handler, 0},
    {"GET", "/discovery/explain", no_handler, 0},
};

/* Decoding an encoded segment gives the same text. */
static void encode(const char *text)
{
    struct buf encoded = BUF_INIT(1 << 20);
    size_t before = strlen(text), after;
    if (url_add_segment(&encoded, text) && encoded.data) {
        if (strchr(encoded.data, '/') || url_decode(encoded.data, &after) != 0 || after != before ||
            memcmp(encoded.data, text, after) != 0)
            abort();
    }
    buf_close(&encoded);
}

/* The result is a route, or a status other than 200. The text that {…} matches is inside the path. */
static void route(char *path, size_t len)
{
    struct http_match match;
    http_route_match(routes, sizeof routes / sizeof *routes, "GET", path, &match);
    if ((match.status == 200) != (match.route != NULL))
        abort();
    if (match.param.text && (match.param.text < path || match.param.text + match.param.len > path + len))
        abort();
}

FUZZ(text, len)
{
    struct url url;
    if (url_parse(text, &url) == 0 && !*url.host)
        abort();
    encode(text);

    char *path = strdup(text);
    if (*path == '/')
        route(path, strlen(path));
    free(path);

    size_t decoded = len;
    if (url_decode(text, &decoded) == 0 && decoded > len)
        abort();
}
