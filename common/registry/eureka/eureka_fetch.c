#include "registry/eureka/eureka_fetch.h"

#include "registry/eureka/eureka_exchange.h"
#include "registry/eureka/eureka_wire.h"
#include "registry/list_reader.h"

struct list_query {
    struct eureka *eureka;
    const char *service;
    struct list_reader reader;
    struct instance_list *list; /* the whole one; NULL: not yet */
};

/* 404: no instance is registered. That is an empty list, not an error. */
static int end_list(struct list_query *query, struct err *err)
{
    struct list_parser *parser = &query->reader.parser;
    if (query->reader.response->status != 404)
        return list_parser_end(parser, &query->list, err);
    instance_list_finish(parser->list);
    query->list = instance_list_ref(parser->list);
    return 0;
}

/* Reads the list from one server, from its beginning. */
static int read_list(void *arg, const struct url *server, int64_t deadline, struct http_response *response,
                     struct err *err)
{
    struct list_query *query = arg;
    const struct eureka_request request = {
        .method = "GET",
        .service = query->service,
        .body_cap = LIST_BODY_CAP,
        .on_data = list_reader_take,
        .on_data_arg = &query->reader,
    };
    query->reader.err = err;
    if (eureka_list_begin(&query->reader.parser, err) != 0)
        return -1;
    int rc = eureka_http_send(&query->eureka->http, server, &request, deadline, response, err);
    if (rc == 0)
        rc = end_list(query, err);
    list_parser_close(&query->reader.parser);
    return rc;
}

int eureka_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                 int64_t deadline, struct instance_list **list, struct err *err)
{
    struct eureka *eureka = (struct eureka *)registry; /* base is its first member */
    struct http_response response = HTTP_RESPONSE_INIT;
    struct list_query query = {.eureka = eureka, .service = service, .reader = {.response = &response}};
    (void)cursor, (void)wait_ms; /* Eureka numbers no list, and never waits */
    int rc = servers_call(&eureka->http.servers, read_list, &query, deadline, &response, err);
    *list = query.list;
    http_response_close(&response);
    return rc == 0 ? 0 : err_prefix(err, "eureka");
}
