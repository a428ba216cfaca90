/* Whatever Consul answers: it is read to the end, or refused. */
#include "base/tests/fuzz.h"
#include "registry/consul_wire.h"

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

FUZZ(body, len)
{
    char output[64];
    bool failing;
    struct err err = ERR_INIT;
    read_list(body, len);
    if (consul_parse_own_health(body, len, &failing, output, sizeof output, &err) == 0 && strchr(output, '\n'))
        abort(); /* it goes into a line of the log */
    consul_next_index(len, body);
}
