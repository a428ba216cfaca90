/* Fuzzes the parsers of Eureka's replies: lists, our own entry, errors. */
#include "fuzz/fuzz.h"
#include "fuzz/fuzz_list.h"
#include "registry/eureka/eureka_wire.h"

static const struct registration_spec self = {.service = "orders",
                                              .id = "h1:orders:8080",
                                              .address = "",
                                              .tags = "",
                                              .version = "1.2",
                                              .zone = "z1",
                                              .weight = 5,
                                              .port = 8080,
                                              .check_interval_ms = 1000};

static const struct fuzz_list eureka_list = {.begin = eureka_list_begin};

FUZZ(body, len)
{
    struct err err = ERR_INIT;
    char reason[40];
    const char *difference;
    fuzz_list_read_three_ways(&eureka_list, body, len);
    if ((eureka_parse_own(body, len, &self, "10.0.0.1", INSTANCE_PASSING, &difference, &err) == 0) !=
        (err.code == ERR_NONE))
        abort();
    eureka_parse_reason(body, len, reason, sizeof reason);
    if (strpbrk(reason, "\r\n"))
        abort(); /* the text becomes part of a log line */
}
