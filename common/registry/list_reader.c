#include "registry/list_reader.h"

bool list_reader_take(void *arg, const char *bytes, size_t len)
{
    struct list_reader *reader = arg;
    struct http_response *response = reader->response;
    if (response->status != 200)
        return response->body.len > 0 || buf_add(&response->body, bytes, len);
    return list_parser_feed(&reader->parser, bytes, len, reader->err) == 0;
}
