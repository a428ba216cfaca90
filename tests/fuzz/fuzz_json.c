/* Fuzzes the JSON code: JSON from clients and instances, and texts that we write into JSON. */
#include "fuzz/fuzz.h"
#include "net/json.h"
#include "net/json_scan.h"

/* Any bytes become one JSON string; if they are valid UTF-8, with the same characters. */
static void write_string(const char *bytes, size_t len, bool is_utf8)
{
    struct err err = ERR_INIT;
    struct buf out = BUF_INIT(SIZE_MAX / 2);
    if (!json_add_string(&out, bytes, len))
        abort();
    if (!memchr(bytes, '\0', len)) { /* jansson rejects a NUL */
        json_t *string = json_parse_new(buf_text(&out), out.len, &err);
        if (!json_is_string(string) || (is_utf8 && (json_string_length(string) != len ||
                                                    memcmp(json_string_value(string), bytes, len) != 0)))
            abort();
        json_decref(string);
    }
    buf_close(&out);
}

/* The scan may leave the decision to the parser, but must never contradict it. */
FUZZ_BYTES(text, len)
{
    struct err err = ERR_INIT;
    json_t *tree = json_parse_new(text, len, &err);
    bool is_object = json_is_object(tree), is_utf8 = tree != NULL;
    if (!tree && err.code == ERR_NONE)
        abort(); /* rejected without a reason */
    json_decref(tree);
    if (json_is_object_text(text, len) != is_object || (json_scan_is_object(text, len) && !is_object))
        abort();
    write_string(text, len, is_utf8);
}
