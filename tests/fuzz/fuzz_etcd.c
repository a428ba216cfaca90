/* Fuzzes the parsers of etcd's replies: lists, leases, watch messages, tokens, errors. */
#include "fuzz/fuzz.h"
#include "registry/etcd/etcd_wire.h"

static const struct registration_spec self = {
    .service = "user-service", .id = "user-service-1", .address = "", .tags = "", .version = "", .zone = "",
    .weight = 1, .port = 1, .check_interval_ms = 1000};

static void read_page(const char *body, size_t len)
{
    struct etcd_page page = ETCD_PAGE_INIT;
    struct instance_list *list = instance_list_new();
    struct err err = ERR_INIT;
    int status = etcd_parse_page(body, len, "user-service", &page, list, &err);
    if (status == 0 ? page.more && page.last_key.len == 0 : err.code == ERR_NONE)
        abort(); /* no key for the next page; or rejected without a reason */
    instance_list_finish(list);
    instance_list_unref(list);
    buf_close(&page.last_key);
}

static void read_small(const char *body, size_t len)
{
    struct err err = ERR_INIT;
    bool ignored;
    const char *difference;
    char token[40], reason[40];
    etcd_parse_own(body, len, &self, NULL, &difference, &ignored, &err);
    err_clear(&err);
    etcd_parse_keepalive(body, len, &ignored, &err);
    err_clear(&err);
    etcd_parse_change_reply(body, len, &(struct registry_cursor){.index = 7}, &ignored, &err);
    err_clear(&err);
    if (etcd_parse_token(body, len, token, sizeof token, &err) == 0 && strpbrk(token, "\r\n "))
        abort(); /* the token would add headers to a request */
    etcd_parse_reason(body, len, reason, sizeof reason);
    if (strpbrk(reason, "\r\n"))
        abort();
}

FUZZ(body, len)
{
    read_page(body, len);
    read_small(body, len);
    etcd_watch_has_changed(body, len, 7);
}
