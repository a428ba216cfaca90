#include "registry/nacos/nacos_fetch.h"

#include "registry/list_parser.h"
#include "registry/nacos/nacos_exchange.h"
#include "registry/nacos/nacos_reply.h"

enum { LIST_CAP = 32 * 1024 * 1024 }; /* 10,000 instances take 5 MB */

/* A list that is arriving. */
struct list_reader {
    struct nacos_http *http;
    struct nacos_sent sent;
    struct http_response *response;
    struct list_parser parser;
    struct instance_list *list; /* the whole one; NULL: not yet */
    struct err *err;            /* of the try that runs */
};

/* The body of an error is kept: it holds Nacos' words. */
static bool read_piece(void *arg, const char *bytes, size_t len)
{
    struct list_reader *reader = arg;
    struct http_response *response = reader->response;
    if (response->status != 200)
        return response->body.len > 0 || buf_add(&response->body, bytes, len);
    return list_parser_feed(&reader->parser, bytes, len, reader->err) == 0;
}

static int end_list(struct list_reader *reader, struct err *err)
{
    const struct http_response *response = reader->response;
    struct buf *envelope = &reader->parser.envelope;
    if (response->status != 200)
        return nacos_parse_error(response->status, buf_text(&response->body), response->body.len, err);
    nacos_http_hide(reader->http, envelope);
    if (nacos_check_envelope(reader->sent.api, buf_text(envelope), envelope->len, err) != 0)
        return -1;
    return list_parser_end(&reader->parser, &reader->list, err);
}

/* Reads the list from one server, from its beginning. */
static int read_list(void *arg, const struct url *server, int64_t deadline, struct http_response *response,
                     struct err *err)
{
    struct list_reader *reader = arg;
    reader->err = err;
    if (list_parser_begin(&reader->parser, nacos_list_member(reader->sent.api), nacos_read_entry, err) != 0)
        return -1;
    int rc = nacos_http_send(reader->http, server, &reader->sent, deadline, response, err);
    if (rc == 0)
        rc = end_list(reader, err);
    list_parser_close(&reader->parser);
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
    struct list_reader reader = {
        .http = &nacos->http,
        .sent = {.api = nacos->http.api, .request = NACOS_LIST, .form = &exchange.form, .body_cap = LIST_CAP,
                 .on_data = read_piece, .on_data_arg = &reader},
        .response = &exchange.response,
    };
    int rc = nacos_add_list(&exchange.form, reader.sent.api, &nacos->config, service)
                 ? servers_call(&nacos->http.servers, read_list, &reader, deadline, &exchange.response, err)
                 : nacos_fail_too_long(err);
    *list = reader.list;
    nacos_exchange_close(&exchange);
    return rc == 0 ? 0 : err_prefix(err, "nacos");
}
