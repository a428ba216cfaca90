/* The head of a request: what has to be right in it, and what is kept of it.
 *
 * All of it is copied: MHD frees its own when the client goes away, which may
 * be while the handler runs.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/rand.h"
#include "net/http_internal.h"

enum { HEAD_BYTES = 16384 }; /* more than MHD has memory for a head */

const char *const http_methods[HTTP_METHODS] = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                                "CONNECT", "OPTIONS", "TRACE", "PATCH", "_OTHER"};

static int find_method(const char *method)
{
    int i = 0;
    while (i < HTTP_METHODS - 1 && strcmp(http_methods[i], method) != 0)
        i++;
    return i;
}

/* What the head says, as far as it concerns the server. The texts are places in req->head. */
struct head {
    struct http_request *req;
    int hosts, lengths, codings;
    size_t length, coding, id;
};

static const char *text_at(const struct head *head, size_t place)
{
    return head->req->head.data + place;
}

/* MHD leaves the blanks behind a value, which are no part of it (RFC 9110, 5.5). */
static size_t trimmed_len(const char *value)
{
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        len--;
    return len;
}

static enum MHD_Result note_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct head *head = arg;
    struct buf *kept = &head->req->head;
    (void)kind;
    buf_add(kept, name, strlen(name) + 1);
    size_t place = kept->len;
    buf_add(kept, value, trimmed_len(value));
    buf_add(kept, "", 1);
    if (strcasecmp(name, "Host") == 0)
        head->hosts++;
    else if (strcasecmp(name, "X-Request-Id") == 0)
        head->id = place;
    else if (strcasecmp(name, "Content-Length") == 0)
        head->lengths++, head->length = place;
    else if (strcasecmp(name, "Transfer-Encoding") == 0)
        head->codings++, head->coding = place;
    return MHD_YES;
}

/* printable ASCII, 1 to 128 of them */
static bool id_is_fine(const char *id)
{
    size_t len = 0;
    for (; id[len]; len++)
        if (len == HTTP_ID_MAX || id[len] < ' ' || id[len] > '~')
            return false;
    return len > 0;
}

static void set_id(struct http_request *req, const char *given)
{
    if (given && id_is_fine(given)) {
        memcpy(req->id, given, strlen(given) + 1);
        return;
    }
    uint64_t number = rand_u64();
    for (int i = 0; i < 16; i++, number >>= 4)
        req->id[i] = "0123456789abcdef"[number & 15];
    req->id[16] = '\0';
}

/* MHD takes the first line apart where it lies, so the version stands right behind
 * the target; unless the target, a C string, ended early, at a NUL. */
static bool line_has_nul(const struct http_request *req, const char *version)
{
    uintptr_t end = (uintptr_t)req->raw_target + req->raw_len, after = (uintptr_t)version;
    return after > end + 1 && after - end < HEAD_BYTES;
}

/* A path or query is visible ASCII; anything else has to be percent-encoded. */
static bool target_is_fine(const char *target)
{
    if (*target != '/')
        return false;
    while (*target > ' ' && *target <= '~')
        target++;
    return *target == '\0';
}

/* Two readings of where a body ends are how requests are smuggled past a proxy
 * (RFC 9112, 11.2): such a request is refused whole. */
static bool framing_is_fine(const struct head *head)
{
    if (head->codings == 0)
        return head->lengths <= 1;
    return head->codings == 1 && head->lengths == 0 && strcasecmp(text_at(head, head->coding), "chunked") == 0;
}

/* Replies at once where the head is enough to know that nothing can come of it.
 * MHD closes the connection after such a reply, for a body may be under way. */
static bool head_is_refused(struct http_request *req, const struct head *head, const char *version)
{
    if (line_has_nul(req, version))
        http_problem(req, 400, "the request's target has a NUL in it");
    else if (!target_is_fine(buf_text(&req->target)))
        http_problem(req, 400, "the request's target is not a path of visible ASCII characters");
    else if (head->hosts > 1 || (head->hosts == 0 && strcmp(version, "HTTP/1.0") != 0))
        http_problem(req, 400, "a request has exactly one Host header");
    else if (!framing_is_fine(head))
        http_problem(req, 400, "Content-Length and Transfer-Encoding do not say clearly where the body ends");
    else if (head->lengths > 0 && strtoull(text_at(head, head->length), NULL, 10) > HTTP_BODY_MAX)
        http_problem(req, 413, "the body is larger than %d bytes", HTTP_BODY_MAX);
    else
        return false;
    return true;
}

void head_is_there(struct http_request *req, struct MHD_Connection *mhd, const char *method, const char *version)
{
    struct head head = {.req = req};
    MHD_get_connection_values(mhd, MHD_HEADER_KIND, note_header, &head);
    set_id(req, head.id > 0 ? text_at(&head, head.id) : NULL);
    req->method = method;
    req->known_method = find_method(method);
    req->server->active[req->known_method]++;
    req->chunked = head.codings > 0;
    req->began_us = clock_us();
    req->began_ms = req->began_us / 1000;
    req->phase = HTTP_BODY;
    req->connection->consumed +=
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    head_is_refused(req, &head, version);
}

/* --- What a handler may ask ------------------------------------------------------------ */

/* How many of that name there are; the value of the first into *first. */
static size_t find_header(const struct http_request *req, const char *name, const char **first)
{
    const char *end = req->head.data + req->head.len;
    size_t count = 0;
    for (const char *given = req->head.data; given < end;) {
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

const char *http_request_id(const struct http_request *req)
{
    return req->id;
}

/* Two parents are none. */
void http_trace_context(const struct http_request *req, struct trace_context *trace)
{
    const char *parent = NULL, *end = req->head.data + req->head.len;
    *trace = (struct trace_context){.request_id = req->id};
    if (find_header(req, "traceparent", &parent) != 1 || !trace_set_parent(trace, parent))
        return;
    bool fine = true;
    for (const char *given = req->head.data; fine && given < end;) {
        const char *value = given + strlen(given) + 1;
        fine = strcasecmp(given, "tracestate") != 0 || trace_add_state(trace, value);
        given = value + strlen(value) + 1;
    }
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
