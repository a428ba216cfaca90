#include "net/http_first_head.h"

#include <string.h>
#include <strings.h>

#include "net/http_syntax.h"

/* MHD copies the cookie once more, and keeps 48 bytes for each header, cookie and parameter of
 * the query. The rest of its 8 KiB is for the head of the reply. */
enum { COPIES = 2, ENTRY_BYTES = 48, SMALL_BYTES = 6 * 1024, LARGE_BYTES = 1000 * 1024 };

struct line {
    const char *text;
    size_t len; /* without CR and LF */
};

/* The line at *next, which becomes the place after it. False: it is not complete. */
static bool take_line(const char **next, const char *end, struct line *line)
{
    const char *lf = memchr(*next, '\n', (size_t)(end - *next));
    if (!lf)
        return false;
    *line = (struct line){*next, (size_t)(lf - *next)};
    if (line->len > 0 && lf[-1] == '\r')
        line->len--;
    *next = lf + 1;
    return true;
}

static void reject(struct first_head *head, int status, const char *reason)
{
    head->status = status;
    head->reason = reason;
}

/* "GET /path HTTP/1.1". The target is judged later. */
static void judge_first_line(struct first_head *head, const struct line *line)
{
    const char *version = line->len > 9 ? line->text + line->len - 8 : NULL;
    const char *space = memchr(line->text, ' ', line->len);
    if (!version || !space || version[-1] != ' ' || space == version - 1 || strncmp(version, "HTTP/", 5) != 0 ||
        version[6] != '.' || !strchr("0123456789", version[5]) || !strchr("0123456789", version[7]))
        reject(head, 400, "the first line must be a method, a target and HTTP/1.1, with one space between them");
    else if (version[5] != '1')
        reject(head, 505, "only HTTP/1.1 and HTTP/1.0 are supported");
}

static void judge_length(struct first_head *head, const char *value, size_t len, bool has_blanks)
{
    size_t zeros = strspn(value, "0");
    if (len == 0 || strspn(value, "0123456789") < len)
        reject(head, 400, "Content-Length must be a number of digits only");
    else if (len > zeros + HTTP_LENGTH_MAX)
        reject(head, 413, "the body is too large");
    else if (has_blanks)
        memcpy(head->length, zeros < len ? value + zeros : "0", zeros < len ? len - zeros : 1);
}

static void judge_header(struct first_head *head, const struct line *line)
{
    const char *colon = memchr(line->text, ':', line->len);
    size_t name_len = colon ? (size_t)(colon - line->text) : 0;
    if (!colon) {
        reject(head, 400, "a header line has no colon");
        return;
    }
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    size_t len = (size_t)(line->text + line->len - value), trimmed = http_trimmed_len(value, len);
    if (!http_is_token(line->text, name_len))
        reject(head, 400, "the name of a header is empty or has a character that is not allowed in a name");
    else if (!http_is_field_value(value, len))
        reject(head, 400, "the value of a header has a control character");
    else if (name_len == 14 && strncasecmp(line->text, "Content-Length", 14) == 0)
        judge_length(head, value, trimmed, trimmed < len);
    else if (name_len == 17 && strncasecmp(line->text, "Transfer-Encoding", 17) == 0 && trimmed < len)
        head->is_chunked = trimmed == 7 && strncasecmp(value, "chunked", 7) == 0;
}

static void judge_size(struct first_head *head, const char *bytes, size_t len, size_t max)
{
    size_t entries = 0;
    for (size_t i = 0; i < len; i++)
        entries += bytes[i] == '\n' || bytes[i] == ';' || bytes[i] == ',' || bytes[i] == '&';
    size_t needed = len * COPIES + entries * ENTRY_BYTES;
    if (len > max || needed > LARGE_BYTES)
        reject(head, 431, "the head of the request is too large");
    head->is_complete = true;
    head->is_small = needed <= SMALL_BYTES;
}

void first_head_judge(struct first_head *head, const char *bytes, size_t len, size_t max)
{
    /* Empty lines before the first line are allowed (RFC 9112, 2.2). */
    const char *end = bytes + len, *next = bytes + (head->judged > 0 ? head->judged : strspn(bytes, "\r\n"));
    struct line line;
    while (head->status == 0 && !head->is_complete && take_line(&next, end, &line)) {
        if (head->judged == 0)
            judge_first_line(head, &line);
        else if (line.len == 0)
            judge_size(head, bytes, (size_t)(next - bytes), max);
        else
            judge_header(head, &line);
        head->judged = (size_t)(next - bytes);
    }
    if (head->status == 0 && !head->is_complete && len >= max)
        reject(head, head->judged > 0 ? 431 : 414,
               head->judged > 0 ? "the head of the request is too large" : "the request target is too long");
}
