/* Fuzzes the parsers of Consul's replies: each reply is parsed to its end, or rejected with an error. */
#include "fuzz/fuzz.h"
#include "registry/consul/consul_list.h"
#include "registry/consul/consul_wire.h"

/* Parsing in pieces gives the same list, or the same failure, as parsing at once. If parsing
 * succeeds, so does skimming. */
static int read_list(const char *body, size_t len, size_t piece, bool skim, struct instance_list **list)
{
    struct list_parser parser = {0};
    struct err err = ERR_INIT;
    int status = consul_list_begin(&parser, &err);
    parser.skim = skim;
    *list = NULL;
    for (size_t at = 0; status == 0 && at < len; at += piece)
        status = list_parser_feed(&parser, body + at, len - at < piece ? len - at : piece, &err);
    if (status == 0)
        status = list_parser_end(&parser, list, &err);
    list_parser_close(&parser);
    if ((status == 0) != (err.code == ERR_NONE))
        abort(); /* rejected without a reason */
    return status;
}

static void read_three_ways(const char *body, size_t len)
{
    struct instance_list *whole, *pieces, *none;
    int status = read_list(body, len, len + 1, false, &whole);
    if (read_list(body, len, 7, false, &pieces) != status)
        abort();
    if (status == 0 && (!instance_list_equal(whole, pieces) || read_list(body, len, 5, true, &none) != 0))
        abort();
    instance_list_unref(whole);
    instance_list_unref(pieces);
}

FUZZ(body, len)
{
    char output[64];
    bool failing;
    struct err err = ERR_INIT;
    read_three_ways(body, len);
    if (consul_parse_own_health(body, len, &failing, output, sizeof output, &err) == 0 && strchr(output, '\n'))
        abort(); /* the text becomes part of a log line */
    consul_next_index(len, body);
}
