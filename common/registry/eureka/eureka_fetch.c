#include "registry/eureka/eureka_fetch.h"

#include "registry/eureka/eureka_exchange.h"
#include "registry/eureka/eureka_wire.h"
#include "registry/list_parser.h"

enum { LIST_CAP = 32 * 1024 * 1024 }; /* 10,000 instances take 9 MB */

/* A list that is arriving. */
struct list_reader {
    struct eureka *eureka;
    const char *service;
    struct http_response *response;
    struct list_parser parser;
    struct instance_list *list; /* the whole one; NULL: not yet */
    struct err *err;            /* of the try that runs */
};

/* The body of an error is kept: it holds the reason. */
static bool read_piece(void *arg, const char *bytes, size_t len)
{
    struct list_reader *reader = arg;
    struct http_response *response = reader->response;
    if (response->status != 200)
        return response->body.len > 0 || buf_add(&response->body, bytes, len);
    return list_parser_feed(&reader->parser, bytes, len, reader->err) == 0;
}

/* 404: no instance is registered. That is an empty list, not an error. */
static int end_list(struct list_reader *reader, struct err *err)
{
    if (reader->response->status != 404)
        return list_parser_end(&reader->parser, &reader->list, err);
    instance_list_finish(reader->parser.list);
    reader->list = instance_list_ref(reader->parser.list);
    return 0;
}

/* Reads the list from one server, from its beginning. */
static int read_list(void *arg, const struct url *server, int64_t deadline, struct http_response *response,
                     struct err *err)
{
    struct list_reader *reader = arg;
    const struct eureka_request request = {
        .method = "GET",
        .service = reader->service,
        .body_cap = LIST_CAP,
        .on_data = read_piece,
        .on_data_arg = reader,
    };
    reader->err = err;
    if (eureka_list_begin(&reader->parser, err) != 0)
        return -1;
    int rc = eureka_http_send(&reader->eureka->http, server, &request, deadline, response, err);
    if (rc == 0)
        rc = end_list(reader, err);
    list_parser_close(&reader->parser);
    return rc;
}

int eureka_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                 int64_t deadline, struct instance_list **list, struct err *err)
{
    struct eureka *eureka = (struct eureka *)registry; /* base is its first member */
    struct http_response response = HTTP_RESPONSE_INIT;
    struct list_reader reader = {.eureka = eureka, .service = service, .response = &response};
    (void)cursor, (void)wait_ms; /* Eureka numbers no list, and never waits */
    int rc = servers_call(&eureka->http.servers, read_list, &reader, deadline, &response, err);
    *list = reader.list;
    http_response_close(&response);
    return rc == 0 ? 0 : err_prefix(err, "eureka");
}
