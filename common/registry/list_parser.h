/* list_parser: parses a registry's list while it arrives. Does no I/O.
 *
 * The list is one JSON array, either the whole reply (Consul) or one member of it (Nacos: "hosts", Eureka:
 * "instance"; old Eureka servers write one entry without the array). Its entries are parsed one by one and the reply is never held as a whole: as one tree, 10,000
 * instances would take 150 MB and stop the loop for a quarter of a second (measured with Consul's); their text
 * alone is 13 MB. What stands around the entries is kept as the envelope, with an empty array in their place.
 *
 * A registry may send anything, so the parser is strict: a list that is cut off is an error, and an entry that
 * cannot be used is dropped without the others.
 */
#ifndef REGISTRY_LIST_PARSER_H
#define REGISTRY_LIST_PARSER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "registry/instance_list.h"

/* NULL, or why the entry cannot be used: static text. The instance's text is borrowed from the entry. */
typedef const char *(*list_read_entry)(const json_t *entry, struct instance *instance);

struct list_parser {
    bool skim;           /* set by the user: only check that the list is complete, parse no entry */
    bool may_be_single;  /* set by the user: the member may be one entry instead of an array */
    struct buf envelope; /* what was read around the entries */
    /* private */
    const char *member; /* NULL: the reply is the array */
    list_read_entry read_entry;
    struct instance_list *list;
    enum { LIST_BEFORE, LIST_INSIDE, LIST_AFTER } place; /* of its brackets */
    bool is_single;                                      /* LIST_INSIDE: of the one entry instead */
    enum { KEY_NONE, KEY_NAMED, KEY_OPENED } key;        /* LIST_BEFORE: whether the member's name was just read */
    size_t text_at;   /* LIST_BEFORE: where in the envelope the last string begins */
    size_t entries;   /* that are complete */
    struct buf entry; /* the one that is arriving */
    size_t entry_len; /* its length so far, with the bytes that were not kept */
    long depth;
    bool in_string, after_backslash;
};

/* member: of any object of the reply; the first one counts. Borrowed. -1: out of memory. */
int list_parser_begin(struct list_parser *parser, const char *member, list_read_entry read_entry, struct err *err);
/* Parses the next piece of the body, of any size; takes about 25 ns a byte. -1: not JSON, too large, or out of
 * memory; do not call it again then. */
int list_parser_feed(struct list_parser *parser, const char *bytes, size_t len, struct err *err);
/* Call it after the last piece. The caller owns *list, which is NULL if the list was only skimmed. -1: the
 * list is incomplete, or it has entries but none can be used. */
int list_parser_end(struct list_parser *parser, struct instance_list **list, struct err *err);
/* Frees the parser's memory. May be called at any time after list_parser_begin. */
void list_parser_close(struct list_parser *parser);

#endif
