#include "net/http_request.h"

#include <string.h>
#include <strings.h>

#include "net/http_internal.h"
#include "net/socket.h"

const char *const http_methods[HTTP_METHODS] = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                                "CONNECT", "OPTIONS", "TRACE", "PATCH", "_OTHER"};

struct http_text http_param(const struct http_request *req)
{
    return req->match.param;
}

struct http_text http_query(const struct http_request *req, const char *name)
{
    for (size_t i = 0; i < req->query_count; i++) {
        const struct http_text *given = &req->query[i].name;
        if (given->len == strlen(name) && memcmp(given->text, name, given->len) == 0)
            return req->query[i].value;
    }
    return (struct http_text){NULL, 0};
}

struct http_text http_body(const struct http_request *req)
{
    return (struct http_text){buf_text(&req->body), req->body.len};
}

/* Counts the headers of that name; *first becomes the value of the first. */
static size_t find_header(const struct http_request *req, const char *name, const char **first)
{
    const char *given = buf_text(&req->head), *end = given + req->head.len;
    size_t count = 0;
    while (given < end) {
        const char *value = given + strlen(given) + 1;
        if (strcasecmp(given, name) == 0 && count++ == 0)
            *first = value;
        given = value + strlen(value) + 1;
    }
    return count;
}

const char *http_header(const struct http_request *req, const char *name)
{
    const char *value = NULL;
    find_header(req, name, &value);
    return value;
}

size_t http_header_count(const struct http_request *req, const char *name)
{
    const char *ignored;
    return find_header(req, name, &ignored);
}

bool http_client_is_local(const struct http_request *req)
{
    return req->connection && socket_peer_is_loopback(req->connection->fd);
}

const char *http_request_id(const struct http_request *req)
{
    return req->id;
}

/* If a request has two traceparents, both are ignored: we cannot know which one is right. */
void http_trace_context(const struct http_request *req, struct trace_context *trace)
{
    const char *parent = NULL, *end = buf_text(&req->head) + req->head.len;
    *trace = (struct trace_context){.request_id = req->id};
    if (find_header(req, "traceparent", &parent) != 1 || !trace_set_parent(trace, parent))
        return;
    bool valid = true;
    for (const char *given = req->head.data; valid && given < end;) {
        const char *value = given + strlen(given) + 1;
        valid = strcasecmp(given, "tracestate") != 0 || trace_add_state(trace, value);
        given = value + strlen(value) + 1;
    }
}

bool http_target_is_absolute(const struct http_request *req)
{
    return req->absolute;
}

bool http_body_is_json(const struct http_request *req)
{
    static const char json[] = "application/json";
    const char *type = http_header(req, "Content-Type");
    if (!type || strncasecmp(type, json, sizeof json - 1) != 0)
        return false;
    const char *rest = type + sizeof json - 1;
    rest += strspn(rest, " \t");
    return *rest == '\0' || *rest == ';';
}
