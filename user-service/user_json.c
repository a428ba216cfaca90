#include "user_json.h"

#include <string.h>

#include "base/utf8.h"
#include "net/json.h"
#include "service/visible.h"
#include "user_input.h"

bool user_json_add(struct buf *json, const char *id, const char *name, const char *email)
{
    return buf_adds(json, "{\"id\":\"") && buf_adds(json, id) && buf_adds(json, "\",\"name\":") &&
           json_add_string(json, name, strlen(name)) && buf_adds(json, ",\"email\":") &&
           json_add_string(json, email, strlen(email)) && buf_adds(json, "}");
}

/* --- Recognise it ----------------------------------------------------------------- */

struct cursor {
    const unsigned char *p, *end;
};

static bool take(struct cursor *at, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(at->end - at->p) < len || memcmp(at->p, text, len) != 0)
        return false;
    at->p += len;
    return true;
}

/* Bytes of the character at p, which may be escaped; 0: json_add_string does not write it so, or it is a
 * control character. */
static size_t character_len(const unsigned char *p, const unsigned char *end)
{
    if (*p == '\\')
        return p + 1 < end && (p[1] == '"' || p[1] == '\\') ? 2 : 0;
    if (*p < 0x80)
        return *p >= 0x20 && *p != 0x7f;
    bool c1 = *p == 0xc2 && p + 1 < end && p[1] < 0xa0; /* U+0080 to 9F */
    return c1 ? 0 : utf8_len(p, (size_t)(end - p));
}

static bool shows(const unsigned char *begin, const unsigned char *end)
{
    return text_has_visible((const char *)begin, (size_t)(end - begin));
}

/* Takes min to max characters, at least one of them visible, up to the quote behind them. */
static bool take_text(struct cursor *at, size_t min, size_t max)
{
    const unsigned char *begin = at->p;
    size_t count = 0;
    for (; at->p < at->end && *at->p != '"'; count++) {
        size_t len = character_len(at->p, at->end);
        if (len == 0)
            return false;
        at->p += len;
    }
    return count >= min && count <= max && shows(begin, at->p);
}

static bool take_email(struct cursor *at)
{
    const unsigned char *begin = at->p;
    if (!take_text(at, EMAIL_MIN_CHARACTERS, EMAIL_MAX_CHARACTERS))
        return false;
    const unsigned char *sign = memchr(begin, '@', (size_t)(at->p - begin));
    return sign && shows(begin, sign) && shows(sign + 1, at->p) && !memchr(sign + 1, '@', (size_t)(at->p - sign - 1)) &&
           text_has_visible_ends((const char *)begin, (size_t)(at->p - begin));
}

bool user_json_is(const struct buf *json, const char *id)
{
    const unsigned char *bytes = (const unsigned char *)buf_text(json);
    struct cursor at = {bytes, bytes + json->len};
    return take(&at, "{\"id\":\"") && take(&at, id) && take(&at, "\",\"name\":\"") &&
           take_text(&at, 1, NAME_MAX_CHARACTERS) && take(&at, "\",\"email\":\"") && take_email(&at) &&
           take(&at, "\"}") && at.p == at.end;
}
