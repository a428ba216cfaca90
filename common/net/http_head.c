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

static int find_method(const char *method)
{
    int i = 0;
    while (i < HTTP_METHODS - 1 && strcmp(http_methods[i], method) != 0)
        i++;
    return i;
}

/* The headers that the server itself reads. Each text is an offset in req->head. */
struct head {
    struct http_request *req;
    int hosts, lengths, codings;
    size_t length, coding, id;
};

static const char *text_at(const struct head *head, size_t offset)
{
    return head->req->head.data + offset;
}

/* MHD keeps the blanks after a value, which are not part of it (RFC 9110, 5.5). */
static size_t trimmed_len(const char *value)
{
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        len--;
    return len;
}

static enum MHD_Result copy_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct head *head = arg;
    struct buf *kept = &head->req->head;
    (void)kind;
    buf_add(kept, name, strlen(name) + 1);
    size_t offset = kept->len;
    buf_add(kept, value, trimmed_len(value));
    buf_add(kept, "", 1);
    if (strcasecmp(name, "Host") == 0)
        head->hosts++;
    else if (strcasecmp(name, "X-Request-Id") == 0)
        head->id = offset;
    else if (strcasecmp(name, "Content-Length") == 0)
        head->lengths++, head->length = offset;
    else if (strcasecmp(name, "Transfer-Encoding") == 0)
        head->codings++, head->coding = offset;
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

static void set_id(struct http_request *req, const char *given)
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

/* A path or query is visible ASCII; any other byte must be percent-encoded. */
static bool is_valid_target(const char *target)
{
    if (*target != '/')
        return false;
    while (*target > ' ' && *target <= '~')
        target++;
    return *target == '\0';
}

/* If a proxy and we disagree about where a body ends, an attacker can smuggle a
 * request past the proxy (RFC 9112, 11.2). So an ambiguous request is rejected. */
static bool has_clear_framing(const struct head *head)
{
    if (head->codings == 0)
        return head->lengths <= 1;
    return head->codings == 1 && head->lengths == 0 && strcasecmp(text_at(head, head->coding), "chunked") == 0;
}

/* Replies with an error if the head is invalid. MHD closes the connection after such
 * a reply, because a body may follow. */
static void check_head(struct http_request *req, const struct head *head, const char *version)
{
    if (line_has_nul(req, version))
        http_problem(req, 400, "the request target contains a NUL");
    else if (!is_valid_target(buf_text(&req->target)))
        http_problem(req, 400, "the request target must be a path of visible ASCII characters");
    else if (head->hosts > 1 || (head->hosts == 0 && strcmp(version, "HTTP/1.0") != 0))
        http_problem(req, 400, "want exactly one Host header");
    else if (!has_clear_framing(head))
        http_problem(req, 400, "Content-Length and Transfer-Encoding leave the end of the body ambiguous");
    else if (head->lengths > 0 && strtoull(text_at(head, head->length), NULL, 10) > HTTP_BODY_MAX)
        http_problem(req, 413, "the body is larger than %d bytes", HTTP_BODY_MAX);
}

void request_read_head(struct http_request *req, struct MHD_Connection *mhd, const char *method, const char *version)
{
    struct head head = {.req = req};
    MHD_get_connection_values(mhd, MHD_HEADER_KIND, copy_header, &head);
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
    check_head(req, &head, version);
}
