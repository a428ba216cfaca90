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

static struct first_head rejected(int status, const char *reason)
{
    return (struct first_head){.status = status, .reason = reason};
}

/* "GET /path HTTP/1.1". The target is judged later. */
static struct first_head judge_first_line(const struct line *line)
{
    const char *version = line->len > 9 ? line->text + line->len - 8 : NULL;
    const char *space = memchr(line->text, ' ', line->len);
    if (!version || !space || version[-1] != ' ' || space == version - 1 || strncmp(version, "HTTP/", 5) != 0 ||
        version[6] != '.' || !strchr("0123456789", version[5]) || !strchr("0123456789", version[7]))
        return rejected(400, "the first line must be a method, a target and HTTP/1.1, with one space between them");
    if (version[5] != '1')
        return rejected(505, "only HTTP/1.1 and HTTP/1.0 are supported");
    return (struct first_head){0};
}

static struct first_head judge_length(const char *value, size_t len)
{
    size_t digits = strspn(value, "0123456789");
    if (len == 0 || digits < len)
        return rejected(400, "Content-Length must be a number of digits only");
    if (len > 18)
        return rejected(413, "the body is too large");
    return (struct first_head){0};
}

static struct first_head judge_header(const struct line *line)
{
    const char *colon = memchr(line->text, ':', line->len);
    if (!colon)
        return rejected(400, "a header line has no colon");
    size_t name_len = (size_t)(colon - line->text);
    if (!http_is_token(line->text, name_len))
        return rejected(400, "the name of a header is empty or has a character that is not allowed in a name");
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    size_t len = (size_t)(line->text + line->len - value);
    if (!http_is_field_value(value, len))
        return rejected(400, "the value of a header has a control character");
    if (name_len == 14 && strncasecmp(line->text, "Content-Length", 14) == 0)
        return judge_length(value, len);
    return (struct first_head){0};
}

static struct first_head judge_size(const char *bytes, size_t len, size_t max)
{
    size_t entries = 0;
    for (size_t i = 0; i < len; i++)
        entries += bytes[i] == '\n' || bytes[i] == ';' || bytes[i] == ',' || bytes[i] == '&';
    size_t needed = len * COPIES + entries * ENTRY_BYTES;
    if (len > max || needed > LARGE_BYTES)
        return rejected(431, "the head of the request is too large");
    return (struct first_head){.is_small = needed <= SMALL_BYTES};
}

struct first_head first_head_judge(const char *bytes, size_t len, size_t max)
{
    const char *end = bytes + len, *next = bytes + strspn(bytes, "\r\n");
    struct line line;
    struct first_head verdict = {0};
    if (!take_line(&next, end, &line)) {
        if (len >= max)
            verdict = rejected(414, "the request target is too long");
        return verdict;
    }
    verdict = judge_first_line(&line);
    while (verdict.status == 0 && take_line(&next, end, &line)) {
        if (line.len == 0)
            return judge_size(bytes, (size_t)(next - bytes), max);
        verdict = judge_header(&line);
    }
    if (verdict.status == 0 && len >= max)
        return rejected(431, "the head of the request is too large");
    return verdict;
}
