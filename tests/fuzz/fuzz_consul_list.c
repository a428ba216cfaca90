/* Fuzzes the parsers of Consul's replies: each reply is parsed to its end, or rejected with an error. */
#include "fuzz/fuzz.h"
#include "fuzz/fuzz_list.h"
#include "registry/consul/consul_list.h"
#include "registry/consul/consul_wire.h"

static const struct fuzz_list consul_list = {.begin = consul_list_begin};

FUZZ(body, len)
{
    char output[64];
    bool failing;
    struct err err = ERR_INIT;
    fuzz_list_read_three_ways(&consul_list, body, len);
    if (consul_parse_own_health(body, len, &failing, output, sizeof output, &err) == 0 && strchr(output, '\n'))
        abort(); /* the text becomes part of a log line */
    consul_next_index(len, body);
}
