/* list_reader: gives the pieces of an HTTP reply to a list_parser, as they arrive.
 *
 * Consul, Nacos and Eureka put it into their http_call: on_data = list_reader_take, on_data_arg = the reader. What
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

/* http_on_data. curl gives 16 KiB at most, which take half a millisecond; other fibers run between two pieces. Of a
 * reply that is not 200 it keeps the first piece as its body: it holds the registry's words. */
bool list_reader_take(void *reader, const char *bytes, size_t len);

#endif
