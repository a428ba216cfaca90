/* fuzz_list: reads a list in several ways that must agree. For the fuzzers of the kinds that use list_parser. */
#ifndef FUZZ_FUZZ_LIST_H
#define FUZZ_FUZZ_LIST_H

#include <stdlib.h>

#include "registry/list_parser.h"

/* A kind's own beginning, and its check of what stands around the list (NULL: none). */
struct fuzz_list {
    int (*begin)(struct list_parser *parser, struct err *err);
    int (*check)(const char *envelope, size_t len, struct err *err);
};

static inline int fuzz_list_read(const struct fuzz_list *kind, const char *body, size_t len, size_t piece, bool skim,
                                 struct instance_list **list)
{
    struct list_parser parser = {0};
    struct err err = ERR_INIT;
    *list = NULL;
    int status = kind->begin(&parser, &err);
    parser.skim = skim;
    for (size_t at = 0; status == 0 && at < len; at += piece)
        status = list_parser_feed(&parser, body + at, len - at < piece ? len - at : piece, &err);
    if (status == 0 && kind->check)
        status = kind->check(buf_text(&parser.envelope), parser.envelope.len, &err);
    if (status == 0)
        status = list_parser_end(&parser, list, &err);
    list_parser_close(&parser);
    if ((status == 0) != (err.code == ERR_NONE))
        abort(); /* rejected without a reason */
    return status;
}

/* Reading in pieces gives the same list, or the same failure, as reading at once. If reading succeeds, so does
 * skimming. */
static inline void fuzz_list_read_three_ways(const struct fuzz_list *kind, const char *body, size_t len)
{
    struct instance_list *whole, *pieces, *none;
    int status = fuzz_list_read(kind, body, len, len + 1, false, &whole);
    if (fuzz_list_read(kind, body, len, 7, false, &pieces) != status)
        abort();
    if (status == 0 && (!instance_list_equal(whole, pieces) || fuzz_list_read(kind, body, len, 5, true, &none) != 0))
        abort();
    instance_list_unref(whole);
    instance_list_unref(pieces);
}

#endif
