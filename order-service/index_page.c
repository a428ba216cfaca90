#include "index_page.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"

enum { INDEX_MAX = 16 * 1024 };

struct line {
    const char *method, *path; /* of the route */
    const char *example;       /* to click; NULL: a browser cannot send it by a click */
    const char *en, *zh;
};

static const struct line lines[] = {
    {"GET", "/users/{id}", "/users/7", "a user, from an instance of user-service that discovery has found",
     "查询用户：通过服务发现调用一个 user-service 实例"},
    {"GET", "/orders/{id}", "/orders/1", "an order, with its user", "查询订单及其用户"},
    {"POST", "/orders", NULL, "places an order", "创建订单"},
    {"GET", "/discovery", "/discovery", "the instances that order-service knows, and where the list comes from",
     "order-service 已知的实例，以及列表的来源"},
    {"GET", "/discovery/explain", "/discovery/explain?service=user-service&amp;key=7",
     "which instance the next call would get, and why", "下一次调用会选中哪个实例，以及原因"},
    {"GET", "/health", "/health", "the health check, with each dependency", "健康检查，包括每个依赖"},
    {"GET", "/metrics", "/metrics", "metrics for Prometheus", "Prometheus 指标"},
};

/* --- What the client wants -------------------------------------------------------------- */

static bool wants_html(const struct http_request *req)
{
    const char *accept = http_header(req, "Accept");
    return accept && strcasestr(accept, "text/html");
}

/* The first language of the list is the preferred one. */
static bool wants_chinese(const struct http_request *req)
{
    const char *languages = http_header(req, "Accept-Language");
    return languages && strncasecmp(languages, "zh", 2) == 0;
}

/* --- The two forms ------------------------------------------------------------------------- */

static void write_html(bool zh, struct buf *out)
{
    buf_addf(out,
             "<!doctype html>\n<html lang=\"%s\">\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
             "<title>order-service</title>\n<h1>order-service</h1>\n<p>%s\n<ul>\n",
             zh ? "zh-CN" : "en",
             zh ? "课程中的调用方：发现 user-service 的实例并调用它们。它提供以下接口："
                : "The lesson's caller: it discovers the instances of user-service and calls them. It answers:");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct line *line = &lines[i];
        buf_addf(out, "<li><code>%s ", line->method);
        buf_addf(out, line->example ? "<a href=\"%s\">%s</a>" : "%s%s", line->example ? line->example : "", line->path);
        buf_addf(out, "</code>: %s\n", zh ? line->zh : line->en);
    }
    buf_addf(out, "</ul>\n<p>%s <code>make playground</code>, <a href=\"http://127.0.0.1:8088/\">http://127.0.0.1:8088</a>\n",
             zh ? "实时观察整个系统，并动手制造故障：" : "To see the whole system at work, and to break it:");
}

static void write_json(struct buf *out)
{
    buf_adds(out, "{\"service\":\"order-service\",\"routes\":[");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        buf_addf(out, "%s\"%s %s\"", i ? "," : "", lines[i].method, lines[i].path);
    buf_adds(out, "]}");
}

void index_page_get(struct http_request *req, void *arg)
{
    struct buf body = BUF_INIT(INDEX_MAX);
    bool html = wants_html(req);
    (void)arg;
    if (html)
        write_html(wants_chinese(req), &body);
    else
        write_json(&body);
    http_add_header(req, "Vary", "Accept, Accept-Language");
    size_t len = body.len;
    http_reply_take(req, 200, html ? "text/html; charset=utf-8" : "application/json", buf_take(&body), len);
}
