#include "registry/nacos/nacos_fetch.h"

#include "registry/list_reader.h"
#include "registry/nacos/nacos_exchange.h"
#include "registry/nacos/nacos_reply.h"

struct list_query {
    struct nacos_http *http;
    struct nacos_sent sent;
    struct list_reader reader;
    struct instance_list *list; /* the whole one; NULL: not yet */
};

static int end_list(struct list_query *query, struct err *err)
{
    const struct http_response *response = query->reader.response;
    struct buf *envelope = &query->reader.parser.envelope;
    if (response->status != 200)
        return nacos_parse_error(response->status, buf_text(&response->body), response->body.len, err);
    nacos_http_hide(query->http, envelope);
    if (nacos_check_envelope(query->sent.api, buf_text(envelope), envelope->len, err) != 0)
        return -1;
    return list_parser_end(&query->reader.parser, &query->list, err);
}

/* Reads the list from one server, from its beginning. */
static int read_list(void *arg, const struct url *server, int64_t deadline, struct http_response *response,
                     struct err *err)
{
    struct list_query *query = arg;
    struct list_parser *parser = &query->reader.parser;
    query->reader.err = err;
    if (list_parser_begin(parser, nacos_list_member(query->sent.api), nacos_read_entry, err) != 0)
        return -1;
    int rc = nacos_http_send(query->http, server, &query->sent, deadline, response, err);
    if (rc == 0)
        rc = end_list(query, err);
    list_parser_close(parser);
    return rc;
}

int nacos_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                int64_t deadline, struct instance_list **list, struct err *err)
{
    struct nacos *nacos = (struct nacos *)registry; /* base is its first member */
    struct nacos_exchange exchange = NACOS_EXCHANGE_INIT;
    (void)cursor, (void)wait_ms; /* Nacos numbers no list, and never waits */
    *list = NULL;
    if (nacos_prepare(nacos, service, deadline, err) != 0)
        return -1;
    struct list_query query = {
        .http = &nacos->http,
        .sent = {.api = nacos->http.api, .request = NACOS_LIST, .form = &exchange.form, .body_cap = LIST_BODY_CAP,
                 .on_data = list_reader_take, .on_data_arg = &query.reader},
        .reader = {.response = &exchange.response},
    };
    int rc = nacos_add_list(&exchange.form, query.sent.api, &nacos->config, service)
                 ? servers_call(&nacos->http.servers, read_list, &query, deadline, &exchange.response, err)
                 : nacos_fail_too_long(err);
    *list = query.list;
    nacos_exchange_close(&exchange);
    return rc == 0 ? 0 : err_prefix(err, "nacos");
}
