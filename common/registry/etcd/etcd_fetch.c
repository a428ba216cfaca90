#include "registry/etcd/etcd_fetch.h"

#include <string.h>

#include "base/clock.h"
#include "registry/etcd/etcd_exchange.h"
#include "registry/etcd/etcd_wire.h"

enum {
    LIST_CAP = 32 * 1024 * 1024, /* bytes over all pages: 10,000 instances take 4 MB */
    MESSAGE_CAP = 64 * 1024,     /* bytes of a watch's message that are parsed */
};

/* --- Waiting for a change ----------------------------------------------------------------------- */

struct watch_reader {
    struct buf message; /* the one that is arriving */
    uint64_t revision;  /* of the caller's list */
};

/* A message is a line. A message over MESSAGE_CAP always contains changes. Returns false to end the watch. */
static bool read_messages(void *arg, const char *bytes, size_t len)
{
    struct watch_reader *reader = arg;
    while (len > 0) {
        const char *newline = memchr(bytes, '\n', len);
        size_t piece = newline ? (size_t)(newline - bytes) : len;
        if (!buf_add(&reader->message, bytes, piece))
            return false;
        if (!newline)
            return true;
        if (etcd_watch_has_changed(buf_text(&reader->message), reader->message.len, reader->revision))
            return false;
        buf_clear(&reader->message);
        bytes += piece + 1;
        len -= piece + 1;
    }
    return true;
}

/* A watch is only a hint when to read the list again, so it does not matter how it ends: with a change, after
 * the wait, because the revision was compacted, or because the connection broke. */
static void wait_for_change(struct etcd *etcd, const char *service, uint64_t revision, int64_t deadline)
{
    struct buf body = BUF_INIT(ETCD_REQUEST_CAP);
    struct watch_reader reader = {.message = BUF_INIT(MESSAGE_CAP), .revision = revision};
    if (etcd_add_watch(&body, service, revision))
        etcd_http_stream(&etcd->http, "/v3/watch", &body, deadline, read_messages, &reader);
    buf_close(&reader.message);
    buf_close(&body);
}

/* --- Reading the list ------------------------------------------------------------------------- */

/* Reads the next page, and adds its size to *bytes. What has arrived moves the deadline, as if all pages were one
 * reply. */
static int read_page(struct etcd *etcd, const char *service, struct etcd_page *page, struct instance_list *list,
                     size_t *bytes, int64_t deadline, struct err *err)
{
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    const struct buf *reply = &exchange.response.body;
    int rc = etcd_send(etcd, "/v3/kv/range", &exchange, etcd_add_range(&exchange.body, service, page),
                       http_deadline_after(deadline, *bytes), err);
    *bytes += reply->len;
    if (rc == 0 && exchange.response.status != 200)
        rc = etcd_http_error(&exchange.response, err);
    else if (rc == 0 && *bytes > LIST_CAP)
        rc = err_set(err, ERR_TOO_LARGE, "etcd: the list is over 32 MB");
    else if (rc == 0 && etcd_parse_page(buf_text(reply), reply->len, service, page, list, err) != 0)
        rc = err_prefix(err, "etcd");
    etcd_exchange_close(&exchange);
    return rc;
}

static int read_list(struct etcd *etcd, const char *service, struct etcd_page *page, struct instance_list *list,
                     int64_t deadline, struct err *err)
{
    size_t bytes = 0;
    while (page->more)
        if (read_page(etcd, service, page, list, &bytes, deadline, err) != 0)
            return -1;
    if (list->count == 0 && list->dropped > 0)
        return err_set(err, ERR_PROTOCOL, "etcd: no entry of the list can be used: %s", list->dropped_why);
    instance_list_finish(list);
    return 0;
}

static int read_whole(struct etcd *etcd, const char *service, struct registry_cursor *cursor, int64_t deadline,
                      struct instance_list **list, struct err *err)
{
    struct etcd_page page = ETCD_PAGE_INIT;
    struct instance_list *read = instance_list_new();
    if (!read)
        return err_set(err, ERR_FAILED, "out of memory");
    int rc = read_list(etcd, service, &page, read, deadline, err);
    if (rc == 0) {
        *cursor = (struct registry_cursor){.index = page.revision, .count = page.count};
        *list = instance_list_ref(read);
    }
    instance_list_unref(read);
    buf_close(&page.last_key);
    return rc;
}

/* If no key was put since, and there are as many keys as before, then no key was deleted either, and the list
 * need not be read again. Moves the cursor to the current revision. */
static int query_change(struct etcd *etcd, const char *service, struct registry_cursor *cursor, int64_t deadline,
                        bool *has_changed, struct err *err)
{
    struct etcd_exchange exchange = ETCD_EXCHANGE_INIT;
    const struct buf *reply = &exchange.response.body;
    bool has_body = etcd_add_change_query(&exchange.body, service, cursor->index);
    int rc = etcd_send(etcd, "/v3/kv/range", &exchange, has_body, deadline, err);
    if (rc == 0 && exchange.response.status != 200)
        rc = etcd_http_error(&exchange.response, err);
    else if (rc == 0 && etcd_parse_change_reply(buf_text(reply), reply->len, cursor, has_changed, err) != 0)
        rc = err_prefix(err, "etcd");
    etcd_exchange_close(&exchange);
    return rc;
}

int etcd_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
               int64_t deadline, struct instance_list **list, struct err *err)
{
    struct etcd *etcd = (struct etcd *)registry; /* base is its first member */
    struct registry_cursor known = *cursor;
    bool has_changed = true;
    *list = NULL;
    *cursor = (struct registry_cursor){0}; /* after a failure the next fetch does not wait */

    if (known.index > 0 && wait_ms > 0)
        wait_for_change(etcd, service, known.index, deadline_min(deadline, deadline_in(wait_ms)));
    if (known.index > 0 && query_change(etcd, service, &known, deadline, &has_changed, err) != 0)
        return -1;
    if (has_changed)
        return read_whole(etcd, service, cursor, deadline, list, err);
    *cursor = known;
    return 0;
}
