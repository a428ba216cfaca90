#include "registry/wire.h"

#include <stdlib.h>

enum { TEXT_CAP = 64 * 1024 }; /* bytes of one quoted text */

json_t *wire_textn_new(const char *text, size_t len)
{
    json_t *value = json_stringn(text, len);
    if (value)
        return value;
    /* jansson rejects what is not UTF-8; json_add_string replaces it. */
    struct buf quoted = BUF_INIT(TEXT_CAP);
    if (json_add_string(&quoted, text, len))
        value = json_loadb(quoted.data, quoted.len, JSON_DECODE_ANY, NULL);
    buf_close(&quoted);
    return value;
}

json_t *wire_text_new(const char *text)
{
    return wire_textn_new(text, strlen(text));
}

bool wire_add_take(struct buf *out, json_t *tree)
{
    char *text = tree ? json_dumps(tree, JSON_COMPACT) : NULL;
    bool added = text && buf_adds(out, text);
    free(text);
    json_decref(tree);
    return added;
}
