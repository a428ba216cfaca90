/* Fuzzes the parsers of Nacos' replies: lists of both versions, results, logins, namespaces. */
#include "fuzz/fuzz.h"
#include "registry/list_parser.h"
#include "registry/nacos/nacos_wire.h"

static int read_list(enum nacos_api api, const char *body, size_t len, size_t piece, struct instance_list **list)
{
    struct list_parser parser = {0};
    struct err err = ERR_INIT;
    *list = NULL;
    int status = list_parser_begin(&parser, nacos_list_member(api), nacos_read_entry, &err);
    for (size_t at = 0; status == 0 && at < len; at += piece)
        status = list_parser_feed(&parser, body + at, len - at < piece ? len - at : piece, &err);
    if (status == 0)
        status = nacos_check_envelope(api, buf_text(&parser.envelope), parser.envelope.len, &err);
    if (status == 0)
        status = list_parser_end(&parser, list, &err);
    list_parser_close(&parser);
    if ((status == 0) != (err.code == ERR_NONE) || (status == 0) != (*list != NULL))
        abort(); /* rejected without a reason */
    return status;
}

/* Reading in pieces gives the same list, or the same failure, as reading at once. */
static void read_both_ways(enum nacos_api api, const char *body, size_t len)
{
    struct instance_list *whole, *pieces;
    int status = read_list(api, body, len, len + 1, &whole);
    if (read_list(api, body, len, 7, &pieces) != status || (status == 0 && !instance_list_equal(whole, pieces)))
        abort();
    instance_list_unref(whole);
    instance_list_unref(pieces);
}

static void read_result(int status, const char *body, size_t len)
{
    struct err err = ERR_INIT;
    if ((nacos_parse_result(status, body, len, &err) == NACOS_FAILED) != (err.code != ERR_NONE))
        abort();
    err_clear(&err);
    if (nacos_parse_error(status, body, len, &err) != -1 || err.code == ERR_NONE || strpbrk(err.text, "\r\n"))
        abort(); /* the text becomes part of a log line */
}

static void read_login(const char *body, size_t len)
{
    struct err err = ERR_INIT;
    char token[40];
    int64_t ttl_ms;
    int status = nacos_parse_login(body, len, token, sizeof token, &ttl_ms, &err);
    if (ttl_ms < 1000 || (status == 0 && (!*token || strpbrk(token, "\r\n "))))
        abort(); /* the token would add headers to a request */
}

FUZZ(body, len)
{
    read_both_ways(NACOS_API_V3, body, len);
    read_both_ways(NACOS_API_V1, body, len);
    read_result(200, body, len);
    read_result(403, body, len);
    read_login(body, len);
    nacos_shows_api(NACOS_API_V3, 200, body, len);
    nacos_shows_api(NACOS_API_V1, 200, body, len);
    nacos_wants_login(403, body);
    nacos_lacks_namespace(body, len, "dev");
}
