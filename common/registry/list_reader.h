/* list_reader: gives the pieces of an HTTP reply to a list_parser, as they arrive.
 *
 * For Consul, Nacos and Eureka: list_reader_take is the on_data of their struct http_call, or is called by it. What
 * begins and ends the list is theirs, because each has another envelope and other errors.
 */
#ifndef REGISTRY_LIST_READER_H
#define REGISTRY_LIST_READER_H

#include "net/http_call.h"
#include "registry/list_parser.h"

enum { LIST_BODY_CAP = 32 * 1024 * 1024 }; /* bytes: 10,000 instances take 5 MB (Nacos) to 13 MB (Consul) */

struct list_reader {
    struct list_parser parser;      /* the user begins, ends and closes it */
    struct http_response *response; /* borrowed: the reply that arrives */
    struct err *err;                /* borrowed: where the parser says why it refuses a piece */
};

/* As on_data of struct http_call; reader: a struct list_reader. curl gives 16 KiB at most, which take half a
 * millisecond; other fibers run between two pieces. Of a reply that is not 200 it keeps the first piece as its body:
 * it holds the registry's words. False: err says why the piece is refused, or there is no memory for the body. */
bool list_reader_take(void *reader, const char *bytes, size_t len);

#endif
