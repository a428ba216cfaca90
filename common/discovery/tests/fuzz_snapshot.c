/* Whatever is found in the snapshot's file, or in STATIC_INSTANCES. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "discovery/snapshot_format.h"
#include "discovery/static_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = malloc(len + 1);
    struct instance_list *list = NULL;
    struct err err = ERR_INIT;
    int64_t confirmed;
    memcpy(text, bytes, len);
    text[len] = '\0';
    if (static_list_parse(text, "user-service", &list, &err) == 0)
        instance_list_unref(list);

    err_clear(&err);
    list = NULL;
    if (snapshot_read(text, len, &list, &confirmed, &err) == 0)
        instance_list_unref(list);
    else if (err.code == ERR_NONE)
        abort();
    free(text);
    return 0;
}
