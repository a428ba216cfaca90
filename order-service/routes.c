#include "routes.h"

#include <stdio.h>
#include <string.h>

#include "app.h"
#include "index_page.h"
#include "net/json.h"
#include "service/request.h"
#include "service/service.h"

static void reply_json(struct http_request *req, int status, const char *type, struct buf *json)
{
    size_t len = json->len;
    http_reply_take(req, status, type, buf_take(json), len);
}

/* --- Users: the lesson's get_user -------------------------------------------------------- */

static int status_of(enum service_outcome outcome)
{
    switch (outcome) {
    case SERVICE_BROKEN:
        return 502;
    case SERVICE_TIMED_OUT:
        return 504;
    default:
        return 503;
    }
}

static void get_user(struct http_request *req, void *arg)
{
    struct app *app = service_app(arg);
    const char *id = request_id(req);
    if (!id)
        return;

    struct trace_context trace;
    struct service_reply reply = SERVICE_REPLY_INIT;
    http_trace_context(req, &trace);
    user_client_get(&app->orders.users, id, &trace, &reply);
    if (*reply.instance)
        http_add_header(req, "X-Upstream", reply.instance);
    if (*reply.source)
        http_add_header(req, "X-Discovery-Source", reply.source);

    if (reply.outcome == SERVICE_OK)
        reply_json(req, reply.status, reply.status < 400 ? "application/json" : "application/problem+json",
                   &reply.body);
    else
        http_problem(req, status_of(reply.outcome), "%s", reply.err.text);
    service_reply_close(&reply);
}

/* --- Orders --------------------------------------------------------------------------------- */

static void get_order(struct http_request *req, void *arg)
{
    struct app *app = service_app(arg);
    const char *id = request_id(req);
    if (!id)
        return;

    struct err err = ERR_INIT;
    struct buf json = BUF_INIT(ORDER_JSON_MAX);
    struct trace_context trace;
    http_trace_context(req, &trace);
    if (orders_show(&app->orders, id, &trace, &json, &err) == 0)
        reply_json(req, 200, "application/json", &json);
    else
        http_problem(req, err.code == ERR_NOT_FOUND ? 404 : 503, "%s", err.text);
    buf_close(&json);
}

static void place_order(struct http_request *req, struct app *app, const struct order_input *input)
{
    struct err err = ERR_INIT;
    struct order order;
    const char *key = http_header(req, "Idempotency-Key");
    if (key && (!order_input_is_key(key) || http_header_count(req, "Idempotency-Key") > 1)) {
        http_problem(req, 400, "Idempotency-Key: want one, of 1 to %d printable ASCII characters",
                     IDEMPOTENCY_KEY_MAX);
        return;
    }
    struct trace_context trace;
    http_trace_context(req, &trace);
    if (orders_place(&app->orders, input, key, &trace, &order, &err) != 0) {
        http_problem(req, err.code == ERR_INVALID ? 422 : 503, "%s", err.text);
        return;
    }
    struct buf json = BUF_INIT(ORDER_JSON_MAX);
    char location[ID_SIZE + 8];
    order_add_json(&order, &json);
    snprintf(location, sizeof location, "/orders/%s", order.id);
    http_add_header(req, "Location", location);
    reply_json(req, 201, "application/json", &json);
}

static void post_order(struct http_request *req, void *arg)
{
    json_t *object = request_object_new(req);
    if (!object)
        return;

    struct err err = ERR_INIT;
    struct order_input input;
    int verdict = order_input_read(object, &input, &err);
    if (verdict == 0)
        place_order(req, service_app(arg), &input);
    else
        http_problem(req, verdict, "%s", err.text);
    json_decref(object);
}

/* --- Discovery -------------------------------------------------------------------------------- */

enum { VIEW_MAX = 32 * 1024 * 1024 }; /* bytes, the cap of a registry's list too; 10,000 instances take 2 MB */

static void get_discovery(struct http_request *req, void *arg)
{
    struct app *app = service_app(arg);
    struct buf json = BUF_INIT(VIEW_MAX);
    if (service_client_view(app->client, &json) == 0)
        reply_json(req, 200, "application/json", &json);
    else
        http_problem(req, 503, "out of memory");
    buf_close(&json);
}

/* As a C string it would be another, shorter text. */
static bool has_nul(struct http_text text)
{
    return text.len > 0 && memchr(text.text, '\0', text.len) != NULL;
}

static void get_explanation(struct http_request *req, void *arg)
{
    struct app *app = service_app(arg);
    struct http_text service = http_query(req, "service"), key = http_query(req, "key");
    if (service.len == 0 || has_nul(service) || has_nul(key)) {
        http_problem(req, 400, "want /discovery/explain?service=NAME&key=ID (key: a user id; may be left out)");
        return;
    }
    struct err err = ERR_INIT;
    struct buf json = BUF_INIT(VIEW_MAX);
    if (service_client_explain(app->client, service.text, key.text ? key.text : "", &json, &err) == 0)
        reply_json(req, 200, "application/json", &json);
    else
        http_problem(req, err.code == ERR_NOT_FOUND ? 404 : 503, "%s", err.text);
    buf_close(&json);
}

const struct http_route order_routes[] = {
    {"GET", "/", index_page_get, 0},
    {"GET", "/users/{id}", get_user, 0},
    {"GET", "/orders/{id}", get_order, 0},
    {"POST", "/orders", post_order, 0},
    {"GET", "/discovery", get_discovery, 0},
    {"GET", "/discovery/explain", get_explanation, 0},
};
const size_t order_route_count = sizeof order_routes / sizeof *order_routes;
