#include "service/input.h"

#include <inttypes.h>
#include <string.h>

#include "net/json.h"
#include "service/visible.h"

enum { MALFORMED = 400, NOT_ACCEPTABLE = 422 };

bool input_is_id(const char *text, size_t len)
{
    static const char largest[] = "9223372036854775807";
    if (len < 1 || len > ID_DIGITS_MAX || text[0] == '0')
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return len < ID_DIGITS_MAX || memcmp(text, largest, ID_DIGITS_MAX) <= 0;
}

int input_object(const char *bytes, size_t len, json_t **object, struct err *err)
{
    json_t *tree = json_parse_new(bytes, len, err);
    if (!tree)
        return err->code == ERR_TOO_LARGE ? NOT_ACCEPTABLE : MALFORMED;
    if (!json_is_object(tree)) {
        json_decref(tree);
        err_set(err, ERR_INVALID, "want a JSON object");
        return NOT_ACCEPTABLE;
    }
    *object = tree;
    return 0;
}

static int reject_member(struct err *err, const char *member, const char *wanted)
{
    err_set(err, ERR_INVALID, "%s: want %s", member, wanted);
    return NOT_ACCEPTABLE;
}

/* --- Text ------------------------------------------------------------------------- */

/* The parser has verified the UTF-8: each character has exactly one byte that is
 * not a continuation byte (10xxxxxx). */
static size_t count_characters(const unsigned char *p, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += (p[i] & 0xc0) != 0x80;
    return count;
}

static bool has_control_character(const unsigned char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool c1 = p[i] == 0xc2 && i + 1 < len && p[i + 1] < 0xa0; /* U+0080 to 9F in UTF-8 */
        if (p[i] < 0x20 || p[i] == 0x7f || c1)
            return true;
    }
    return false;
}

int input_text(const json_t *object, const char *member, size_t min, size_t max, const char **text, struct err *err)
{
    const json_t *value = json_object_get(object, member);
    char wanted[128];
    snprintf(wanted, sizeof wanted,
             "a text of %zu to %zu characters, at least one of them visible, without control characters", min, max);
    if (!json_is_string(value))
        return reject_member(err, member, wanted);

    const unsigned char *bytes = (const unsigned char *)json_string_value(value);
    size_t len = json_string_length(value), count = count_characters(bytes, len);
    if (count < min || count > max || has_control_character(bytes, len) || !text_has_visible((const char *)bytes, len))
        return reject_member(err, member, wanted);
    *text = (const char *)bytes;
    return 0;
}

/* --- Numbers and ids -------------------------------------------------------------- */

int input_whole(const json_t *object, const char *member, int64_t min, int64_t max, int64_t *number, struct err *err)
{
    const json_t *value = json_object_get(object, member);
    char wanted[96];
    snprintf(wanted, sizeof wanted, "a whole number, %" PRId64 " to %" PRId64, min, max);
    if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max)
        return reject_member(err, member, wanted);
    *number = json_integer_value(value);
    return 0;
}

int input_id(const json_t *object, const char *member, const char **id, struct err *err)
{
    const json_t *value = json_object_get(object, member);
    if (!json_is_string(value) || !input_is_id(json_string_value(value), json_string_length(value)))
        return reject_member(err, member, "a text of 1 to 19 digits without leading zero, 1 to 9223372036854775807");
    *id = json_string_value(value);
    return 0;
}
