/* Fuzzes the parsers of Eureka's replies: lists, our own entry, errors. */
#include "fuzz/fuzz.h"
#include "registry/eureka/eureka_wire.h"
#include "registry/list_parser.h"

static const struct registration_spec self = {.service = "orders",
                                              .id = "h1:orders:8080",
                                              .address = "",
                                              .tags = "",
                                              .version = "1.2",
                                              .zone = "z1",
                                              .weight = 5,
                                              .port = 8080,
                                              .check_interval_ms = 1000};

static int read_list(const char *body, size_t len, size_t piece, bool skim, struct instance_list **list)
{
    struct list_parser parser = {0};
    struct err err = ERR_INIT;
    *list = NULL;
    int status = eureka_list_begin(&parser, &err);
    parser.skim = skim;
    for (size_t at = 0; status == 0 && at < len; at += piece)
        status = list_parser_feed(&parser, body + at, len - at < piece ? len - at : piece, &err);
    if (status == 0)
        status = list_parser_end(&parser, list, &err);
    list_parser_close(&parser);
    if ((status == 0) != (err.code == ERR_NONE))
        abort(); /* rejected without a reason */
    return status;
}

/* Reading in pieces gives the same list, or the same failure, as reading at once. If reading succeeds, so does
 * skimming. */
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
    struct err err = ERR_INIT;
    char reason[40];
    const char *difference;
    read_three_ways(body, len);
    if ((eureka_parse_own(body, len, &self, "10.0.0.1", INSTANCE_PASSING, &difference, &err) == 0) !=
        (err.code == ERR_NONE))
        abort();
    eureka_parse_reason(body, len, reason, sizeof reason);
    if (strpbrk(reason, "\r\n"))
        abort(); /* the text becomes part of a log line */
}
