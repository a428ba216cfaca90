/* Checks the head of a request, and keeps a copy of it.
 *
 * A copy, because MHD frees its own when the client disconnects, which may happen
 * while the handler runs.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/rand.h"
#include "net/http_internal.h"
#include "net/http_reply.h"
#include "net/http_syntax.h"

static int find_method(const char *method)
{
    int i = 0;
    while (i < HTTP_METHODS - 1 && strcmp(http_methods[i], method) != 0)
        i++;
    return i;
}

/* The headers that the server itself reads, and the first that is wrong. Each text is an offset in
 * req->head; a name is never at offset 0 if its value is. */
struct head {
    struct http_request *req;
    const char *end; /* of the last line, in MHD's buffer */
    int repaired;     /* headers before the first: see repair_framing() */
    bool knows_blank; /* "chunked " was replaced by "chunked" for MHD */
    int hosts, lengths, codings;
    size_t host, length, coding, id;
    size_t name;       /* of the last header */
    const char *fault; /* NULL: no header is wrong */
    size_t faulty;     /* its name */
};

static const char *text_at(const struct head *head, size_t offset)
{
    return buf_text(&head->req->head) + offset;
}

/* MHD writes a NUL over each CR and LF, so a line begins one or two bytes after the end of the line
 * before. If not, that line goes on after a NUL, or MHD has joined it with its continuation
 * ("obs-fold", RFC 9112, 5.2). */
static bool follows(const char *line, const char *end_before)
{
    uintptr_t begins = (uintptr_t)line, ended = (uintptr_t)end_before;
    return begins == ended + 1 || begins == ended + 2;
}

static const char *fault_of(const struct head *head, const char *name, const char *value, size_t len)
{
    if (!follows(name, head->end))
        return "the line before it contains a NUL, or continues on the next line";
    if (!http_is_token(name, strlen(name)))
        return "its name is empty or has a character that is not allowed in a name";
    if (!http_is_field_value(value, len))
        return "its value has a control character";
    return NULL;
}

static enum MHD_Result copy_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct head *head = arg;
    struct buf *kept = &head->req->head;
    size_t len = strlen(value), trimmed = http_trimmed_len(value, len); /* MHD keeps the blanks */
    (void)kind;
    if (head->repaired > 0) {
        head->repaired--;
        return MHD_YES;
    }
    head->name = kept->len;
    if (!head->fault && (head->fault = fault_of(head, name, value, len)))
        head->faulty = head->name;
    head->end = value + len;
    buf_add(kept, name, strlen(name) + 1);
    size_t offset = kept->len;
    buf_add(kept, value, trimmed);
    buf_add(kept, "", 1);
    if (strcasecmp(name, "Host") == 0)
        head->hosts++, head->host = offset;
    else if (strcasecmp(name, "X-Request-Id") == 0)
        head->id = offset;
    else if (strcasecmp(name, "Content-Length") == 0)
        head->lengths++, head->length = offset;
    else if (strcasecmp(name, "Transfer-Encoding") == 0)
        head->codings += trimmed == len || head->knows_blank ? 1 : 2, head->coding = offset;
    return MHD_YES;
}

/* 1 to 128 printable ASCII characters. */
static bool is_valid_id(const char *id)
{
    size_t len = 0;
    for (; id[len]; len++)
        if (len == HTTP_ID_MAX || id[len] < ' ' || id[len] > '~')
            return false;
    return len > 0;
}

void request_set_id(struct http_request *req, const char *given)
{
    if (given && is_valid_id(given)) {
        memcpy(req->id, given, strlen(given) + 1);
        return;
    }
    uint64_t number = rand_u64();
    for (int i = 0; i < 16; i++, number >>= 4)
        req->id[i] = "0123456789abcdef"[number & 15];
    req->id[16] = '\0';
}

/* MHD splits the first line in place, so the version follows the target directly,
 * unless the target, a C string, ends early at a NUL. */
static bool line_has_nul(const struct http_request *req, const char *version)
{
    uintptr_t end = (uintptr_t)req->raw_target + req->raw_len, after = (uintptr_t)version;
    return after > end + 1 && after - end < HTTP_HEAD_MAX;
}

/* "OPTIONS *" asks about the server itself (RFC 9112, 3.2.4). */
static bool is_valid_target(const struct http_request *req)
{
    return http_is_path(buf_text(&req->target), req->target.len) ||
           (strcmp(buf_text(&req->target), "*") == 0 && strcmp(req->method, "OPTIONS") == 0);
}

/* If a proxy and we disagree about where a body ends, an attacker can smuggle a
 * request past the proxy (RFC 9112, 11.2). So an ambiguous request is rejected. */
static bool has_clear_framing(const struct head *head, bool is_old)
{
    if (head->codings == 0)
        return head->lengths <= 1;
    return head->codings == 1 && head->lengths == 0 && !is_old &&
           strcasecmp(text_at(head, head->coding), "chunked") == 0;
}

static bool has_valid_host(const struct head *head, bool is_old)
{
    const char *host = text_at(head, head->host);
    return head->hosts == 1 ? http_is_host(host, strlen(host)) : head->hosts == 0 && is_old;
}

static bool first_line_is_valid(struct http_request *req, const char *version)
{
    const char *method = req->method;
    if (!http_is_token(method, strlen(method)))
        http_problem(req, 400, "the method has a character that is not allowed in a method");
    else if (req->raw_target != method + strlen(method) + 1)
        http_problem(req, 400, "want exactly one space between the method and the target");
    else if (line_has_nul(req, version))
        http_problem(req, 400, "the request target contains a NUL");
    else if (!is_valid_target(req))
        http_problem(req, 400, "the request target must be a path of visible ASCII characters, without a fragment");
    else
        return true;
    return false;
}

/* Replies with an error if the head is invalid. The connection closes after it: it is unclear
 * what follows. */
static void check_head(struct http_request *req, const struct head *head, const char *version, size_t size)
{
    bool is_old = strcmp(version, "HTTP/1.0") == 0;
    req->last = true;
    if (!first_line_is_valid(req, version))
        return;
    if (size > HTTP_HEAD_MAX)
        http_problem(req, 431, "the head of the request is larger than %d bytes", HTTP_HEAD_MAX);
    else if (head->fault)
        http_problem(req, 400, "header '%.40s': %s", text_at(head, head->faulty), head->fault);
    else if (!has_valid_host(head, is_old))
        http_problem(req, 400, "want exactly one Host header, a host and perhaps a port");
    else if (!has_clear_framing(head, is_old))
        http_problem(req, 400, "Content-Length and Transfer-Encoding leave the end of the body ambiguous");
    else if (head->lengths > 0 && strtoull(text_at(head, head->length), NULL, 10) > HTTP_BODY_MAX)
        http_problem(req, 413, "the body is larger than %d bytes", HTTP_BODY_MAX);
    else
        req->last = req->connection->large;
}

/* The last line and the empty line end in one or two NULs each. */
static void check_end(struct head *head, const char *method, size_t size)
{
    uintptr_t ends = (uintptr_t)method + size, ended = (uintptr_t)head->end;
    if (!head->fault && (ends < ended + 2 || ends > ended + 4))
        head->fault = "the line contains a NUL", head->faulty = head->name;
}

void request_read_head(struct http_request *req, struct MHD_Connection *mhd, const char *method, const char *version)
{
    size_t size = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    struct head head = {.req = req, .end = version + strlen(version)};
    const struct http_connection *connection = req->connection;
    if (!connection->used) {
        head.knows_blank = connection->first_is_chunked;
        head.repaired = (connection->first_length[0] != '\0') + connection->first_is_chunked;
    }
    MHD_get_connection_values(mhd, MHD_HEADER_KIND, copy_header, &head);
    check_end(&head, method, size);
    request_set_id(req, head.id > 0 ? text_at(&head, head.id) : NULL);
    req->method = method;
    req->known_method = find_method(method);
    req->server->active[req->known_method]++;
    req->chunked = head.codings > 0;
    req->began_us = clock_us();
    req->began_ms = req->began_us / 1000;
    req->phase = HTTP_BODY;
    req->connection->consumed += size;
    check_head(req, &head, version, size);
}
