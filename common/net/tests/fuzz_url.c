/* Whatever stands in a URL setting or in a request's path. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = malloc(len + 1);
    struct url url;
    memcpy(text, bytes, len);
    text[len] = '\0';
    url_parse(text, &url);

    /* What was encoded comes back as it was. */
    struct buf encoded = BUF_INIT(1 << 20);
    size_t before = strlen(text);
    if (url_add_segment(&encoded, text)) {
        size_t after = encoded.len;
        if (encoded.data && (url_decode(encoded.data, &after) != 0 || after != before || memcmp(encoded.data, text, after) != 0))
            abort();
    }
    buf_close(&encoded);

    size_t decoded = len;
    if (url_decode(text, &decoded) == 0 && decoded > len)
        abort();
    free(text);
    return 0;
}
