/* Whatever a client or an instance sends as JSON. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/json.h"
#include "net/json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The scan may leave the answer to the parser, but never contradict it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct err err = ERR_INIT;
    const char *text = (const char *)bytes;
    json_t *tree = json_parse_new(text, len, &err);
    bool is_object = json_is_object(tree);
    json_decref(tree);
    if (json_is_object_text(text, len) != is_object || (json_scan_is_object(text, len) && !is_object))
        abort();
    return 0;
}
