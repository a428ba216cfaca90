#include "net/json_scan.h"

#include <string.h>

#include "base/utf8.h"

/* A text over these limits may be JSON, but is left to jansson. */
enum {
    MEMBERS_MAX = 16, /* each is compared with all before it */
    DIGITS_MAX = 18,  /* of one number: any such number fits into 64 bits */
};

struct scan {
    const char *p, *end;
};

struct key {
    const char *text;
    size_t len;
};

static bool take(struct scan *scan, char c)
{
    bool is_there = scan->p < scan->end && *scan->p == c;
    scan->p += is_there;
    return is_there;
}

static void skip_space(struct scan *scan)
{
    while (scan->p < scan->end && (*scan->p == ' ' || *scan->p == '\t' || *scan->p == '\n' || *scan->p == '\r'))
        scan->p++;
}

static bool take_after_space(struct scan *scan, char c)
{
    skip_space(scan);
    return take(scan, c);
}

/* --- Scalars -------------------------------------------------------------------------- */

/* Starts at the quote. Does not accept \uXXXX, which may be half a character, or a NUL. */
static bool scan_string(struct scan *scan)
{
    if (!take(scan, '"'))
        return false;
    while (scan->p < scan->end) {
        const unsigned char *p = (const unsigned char *)scan->p;
        size_t left = (size_t)(scan->end - scan->p);
        if (*p == '"') {
            scan->p++;
            return true;
        }
        bool is_escape = *p == '\\' && left > 1 && p[1] != '\0' && strchr("\"\\/bfnrt", p[1]);
        size_t len = is_escape ? 2 : *p == '\\' || *p < ' ' ? 0 : utf8_len(p, left);
        if (len == 0)
            return false;
        scan->p += len;
    }
    return false;
}

static size_t take_digits(struct scan *scan)
{
    const char *begin = scan->p;
    while (scan->p < scan->end && *scan->p >= '0' && *scan->p <= '9')
        scan->p++;
    return (size_t)(scan->p - begin);
}

/* Accepts no exponent, so the number cannot be out of range. */
static bool scan_number(struct scan *scan)
{
    take(scan, '-');
    bool leads_with_zero = scan->p < scan->end && *scan->p == '0';
    size_t whole = take_digits(scan), fraction = 0;
    if (whole == 0 || (whole > 1 && leads_with_zero))
        return false;
    if (take(scan, '.') && (fraction = take_digits(scan)) == 0)
        return false;
    return whole + fraction <= DIGITS_MAX;
}

static bool scan_word(struct scan *scan, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(scan->end - scan->p) < len || memcmp(scan->p, word, len) != 0)
        return false;
    scan->p += len;
    return true;
}

/* Does not accept an object or an array. */
static bool scan_scalar(struct scan *scan)
{
    skip_space(scan);
    switch (scan->p < scan->end ? *scan->p : '\0') {
    case '"':
        return scan_string(scan);
    case 't':
        return scan_word(scan, "true");
    case 'f':
        return scan_word(scan, "false");
    case 'n':
        return scan_word(scan, "null");
    default:
        return scan_number(scan);
    }
}

/* --- The object ----------------------------------------------------------------------- */

/* Reads the next key; it must differ from those before it. Keys are compared as written, so
 * none may have an escape: two spellings may be the same key. */
static bool scan_key(struct scan *scan, struct key *keys, size_t count)
{
    skip_space(scan);
    struct key *key = &keys[count];
    key->text = scan->p;
    if (!scan_string(scan))
        return false;
    key->len = (size_t)(scan->p - key->text);
    for (size_t i = 0; i < count; i++)
        if (keys[i].len == key->len && memcmp(keys[i].text, key->text, key->len) == 0)
            return false;
    return !memchr(key->text, '\\', key->len);
}

static bool scan_members(struct scan *scan)
{
    struct key keys[MEMBERS_MAX];
    size_t count = 0;
    if (take_after_space(scan, '}'))
        return true;
    do {
        if (count == MEMBERS_MAX || !scan_key(scan, keys, count++) || !take_after_space(scan, ':') ||
            !scan_scalar(scan))
            return false;
    } while (take_after_space(scan, ','));
    return take(scan, '}');
}

bool json_scan_is_object(const char *bytes, size_t len)
{
    struct scan scan = {bytes, bytes + len};
    if (!take_after_space(&scan, '{') || !scan_members(&scan))
        return false;
    skip_space(&scan);
    return scan.p == scan.end;
}
