#include "net/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "net/json_scan.h"

void json_init(void)
{
    json_object_seed(0); /* from the kernel's random numbers */
}

/* --- Reading -------------------------------------------------------------------- */

/* Counts brackets that are open at the same time; those inside strings do not count. */
static bool is_nested_too_deep(const char *bytes, size_t len)
{
    long depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];
        if (c == '"')
            in_string = !in_string;
        else if (in_string)
            i += c == '\\';
        else if (c == '[' || c == '{')
            depth++;
        else if (c == ']' || c == '}')
            depth--;
        if (depth > JSON_NESTING_MAX)
            return true;
    }
    return false;
}

static enum err_code code_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_numeric_overflow:
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return ERR_TOO_LARGE;
    default:
        return ERR_INVALID;
    }
}

/* The texts of jansson name options of its API and states of its parser. */
static const char *reason_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "\\u0000 is not supported";
    case json_error_numeric_overflow:
        return "the number is too large";
    case json_error_duplicate_key:
        return "the object has two members of this name";
    case json_error_invalid_utf8:
        return "the text is not valid UTF-8";
    case json_error_end_of_input_expected:
        return "something follows after the end of the JSON";
    case json_error_premature_end_of_input:
        return "the JSON ends too early";
    case json_error_out_of_memory:
        return "out of memory";
    default:
        if (strstr(error->text, "invalid Unicode"))
            return "\\ud800 to \\udfff stand in pairs only";
        return strstr(error->text, "near end of file") ? "the JSON ends too early" : "this is not JSON";
    }
}

json_t *json_parse_new(const char *bytes, size_t len, struct err *err)
{
    json_error_t error;
    if (is_nested_too_deep(bytes, len)) {
        err_set(err, ERR_INVALID, "nested over %d deep", JSON_NESTING_MAX);
        return NULL;
    }
    json_t *tree = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!tree)
        err_set(err, code_of(&error), "line %d, column %d: %s", error.line, error.column, reason_of(&error));
    return tree;
}

bool json_is_object_text(const char *bytes, size_t len)
{
    if (json_scan_is_object(bytes, len))
        return true;
    struct err err = ERR_INIT;
    json_t *tree = json_parse_new(bytes, len, &err);
    bool is_object = json_is_object(tree);
    json_decref(tree);
    return is_object;
}

/* --- Writing -------------------------------------------------------------------- */

static bool needs_escape(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

/* Appends the replacement for the byte at p, and moves p past it. */
static bool add_special(struct buf *out, const unsigned char **p)
{
    unsigned char c = *(*p)++;
    if (c >= 0x80)
        return buf_adds(out, "\xef\xbf\xbd"); /* U+FFFD: this byte is not valid UTF-8 */
    if (c < 0x20)
        return buf_addf(out, "\\u%04x", c);
    const char escaped[2] = {'\\', (char)c};
    return buf_add(out, escaped, sizeof escaped);
}

static bool add_escaped(struct buf *out, const unsigned char *p, const unsigned char *end)
{
    while (p < end) {
        const unsigned char *plain = p;
        size_t len;
        while (p < end && !needs_escape(*p) && (len = utf8_len(p, (size_t)(end - p))) > 0)
            p += len;
        if (!buf_add(out, plain, (size_t)(p - plain)))
            return false;
        if (p < end && !add_special(out, &p))
            return false;
    }
    return true;
}

bool json_add_string(struct buf *out, const char *text, size_t len)
{
    size_t before = out->len;
    const unsigned char *p = (const unsigned char *)text;
    if (buf_adds(out, "\"") && add_escaped(out, p, p + len) && buf_adds(out, "\""))
        return true;
    out->len = before;
    if (out->data)
        out->data[before] = '\0';
    return false;
}

json_t *json_textn_new(const char *text, size_t len)
{
    json_t *string = json_stringn(text, len);
    if (string)
        return string;
    /* jansson rejects text that is not UTF-8; json_add_string() replaces the bytes. */
    struct buf quoted = BUF_INIT(6 * len + 3); /* a byte becomes at most \u001f */
    if (json_add_string(&quoted, text, len))
        string = json_loadb(quoted.data, quoted.len, JSON_DECODE_ANY, NULL);
    buf_close(&quoted);
    return string;
}

json_t *json_text_new(const char *text)
{
    return json_textn_new(text, strlen(text));
}

bool json_add_take(struct buf *out, json_t *tree)
{
    /* 15 digits: 0.4, not 0.40000000000000002 */
    char *text = tree ? json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) : NULL;
    bool added = text && buf_adds(out, text);
    free(text);
    json_decref(tree);
    return added;
}
