/* Whatever a registry answers: it is read to the end, or refused. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registry/consul_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_list(const char *body, size_t len)
{
    struct consul_list_parser parser = {0};
    struct err err = ERR_INIT;
    int more = consul_list_begin(&parser, body, len, &err);
    if (more == 0) {
        while ((more = consul_list_step(&parser, 64, &err)) == 1) {
        }
        struct instance_list *list = more == 0 ? consul_list_take(&parser, &err) : NULL;
        if (!list && err.code == ERR_NONE)
            abort(); /* refused, and nobody says why */
        instance_list_unref(list);
    }
    consul_list_close(&parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    /* A copy of just this size: reading past its end is seen. */
    char *body = malloc(len + 1);
    memcpy(body, bytes, len);
    body[len] = '\0';
    char output[64];
    bool failing;
    struct err err = ERR_INIT;
    read_list(body, len);
    consul_parse_own_health(body, len, &failing, output, sizeof output, &err);
    consul_next_index(len, body);
    free(body);
    return 0;
}
