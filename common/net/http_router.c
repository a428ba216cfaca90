#include "net/http_router.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "net/url.h"

enum { SEGMENTS_MAX = 8 }; /* of any pattern; a deeper path matches none */

struct path {
    struct http_text segments[SEGMENTS_MAX];
    size_t count; /* SEGMENTS_MAX + 1: deeper than that */
};

/* 0, or -1 for a broken escape. */
static int split_and_decode(char *text, struct path *path)
{
    path->count = 0;
    for (char *next = text; next; path->count++) {
        char *segment = next + 1; /* after the '/' */
        next = strchr(segment, '/');
        if (next)
            *next = '\0';
        size_t len;
        if (url_decode(segment, &len) != 0)
            return -1;
        if (path->count < SEGMENTS_MAX)
            path->segments[path->count] = (struct http_text){segment, len};
        else
            path->count = SEGMENTS_MAX; /* goes on only to detect broken escapes */
    }
    return 0;
}

static bool matches(const char *pattern, const struct path *path, struct http_text *param)
{
    *param = (struct http_text){NULL, 0};
    size_t i = 0;
    for (const char *next = pattern; next; i++) {
        if (i == path->count || i == SEGMENTS_MAX)
            return false;
        const char *segment = next + 1;
        next = strchr(segment, '/');
        size_t len = next ? (size_t)(next - segment) : strlen(segment);

        const struct http_text *given = &path->segments[i];
        if (segment[0] == '{' && given->len > 0)
            *param = *given;
        else if (given->len != len || memcmp(given->text, segment, len) != 0)
            return false;
    }
    return i == path->count;
}

static bool method_matches(const struct http_route *route, const char *method)
{
    return strcmp(route->method, method) == 0 || (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

void http_allow_method(struct http_match *match, const char *method)
{
    size_t len = strlen(match->allow);
    if (strstr(match->allow, method))
        return;
    snprintf(match->allow + len, sizeof match->allow - len, "%s%s%s", len ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

void http_route_match(const struct http_route *routes, size_t count, const char *method, char *path,
                      struct http_match *match)
{
    struct path parts;
    *match = (struct http_match){.status = 400};
    if (split_and_decode(path, &parts) != 0)
        return;

    match->status = 404;
    for (size_t i = 0; i < count; i++) {
        struct http_text param;
        if (!matches(routes[i].pattern, &parts, &param))
            continue;
        if (method_matches(&routes[i], method)) {
            *match = (struct http_match){.status = 200, .route = &routes[i], .param = param};
            return;
        }
        match->status = 405;
        http_allow_method(match, routes[i].method);
    }
}
