/* consul_list: parses the reply to GET /v1/health/service/<name> while it arrives. Does no I/O.
 *
 * Entries are parsed one by one and the reply is never held as a whole: as one tree, 10,000 instances would
 * take 150 MB and stop the loop for a quarter of a second (measured); their text alone is 13 MB. A registry
 * may send anything, so the parser is strict: a list that is cut off is an error, and an entry that cannot be
 * used is dropped without the others.
 */
#ifndef REGISTRY_CONSUL_LIST_H
#define REGISTRY_CONSUL_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "registry/instance.h"

struct consul_list_parser {
    bool skim; /* set by the user: only check that the list is complete, parse no entry */
    /* private */
    struct instance_list *list;
    enum { CONSUL_LIST_BEFORE, CONSUL_LIST_INSIDE, CONSUL_LIST_AFTER } place; /* of its brackets */
    size_t entries;   /* that are complete */
    struct buf entry; /* the one that is arriving */
    size_t entry_len; /* its length so far, with the bytes that were not kept */
    long depth;
    bool in_string, after_backslash;
};

/* -1: out of memory. */
int consul_list_begin(struct consul_list_parser *parser, struct err *err);
/* Parses the next piece of the body, of any size; takes about 25 ns a byte. -1: not JSON, or out of memory;
 * do not call it again then. */
int consul_list_feed(struct consul_list_parser *parser, const char *bytes, size_t len, struct err *err);
/* Call it after the last piece. The caller owns *list, which is NULL if the list was only skimmed. -1: the
 * list is incomplete, or it has entries but none can be used. */
int consul_list_end(struct consul_list_parser *parser, struct instance_list **list, struct err *err);
/* Frees the parser's memory. May be called at any time after consul_list_begin. */
void consul_list_close(struct consul_list_parser *parser);

#endif
