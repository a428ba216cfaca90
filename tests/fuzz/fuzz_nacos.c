/* Fuzzes the parsers of Nacos' replies: lists of both versions, results, logins, namespaces. */
#include "fuzz/fuzz.h"
#include "fuzz/fuzz_list.h"
#include "registry/nacos/nacos_reply.h"

static int begin_v3(struct list_parser *parser, struct err *err)
{
    return list_parser_begin(parser, nacos_list_member(NACOS_API_V3), nacos_read_entry, err);
}

static int check_v3(const char *envelope, size_t len, struct err *err)
{
    return nacos_check_envelope(NACOS_API_V3, envelope, len, err);
}

static int begin_v1(struct list_parser *parser, struct err *err)
{
    return list_parser_begin(parser, nacos_list_member(NACOS_API_V1), nacos_read_entry, err);
}

static int check_v1(const char *envelope, size_t len, struct err *err)
{
    return nacos_check_envelope(NACOS_API_V1, envelope, len, err);
}

static const struct fuzz_list list_v3 = {begin_v3, check_v3}, list_v1 = {begin_v1, check_v1};

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
    fuzz_list_read_three_ways(&list_v3, body, len);
    fuzz_list_read_three_ways(&list_v1, body, len);
    read_result(200, body, len);
    read_result(403, body, len);
    read_login(body, len);
    nacos_shows_api(NACOS_API_V3, 200, body, len);
    nacos_shows_api(NACOS_API_V1, 200, body, len);
    nacos_wants_login(403, body);
    nacos_lacks_namespace(body, len, "dev");
}
