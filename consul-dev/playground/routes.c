#include "routes.h"

#include <string.h>

#include "guard.h"
#include "net/http_server.h"
#include "page_files.h"

enum { PROBLEM_MAX = 4096 };

/* Nothing from outside is loaded, and no other page can show this one in a frame and make a person click in it. */
static void add_security_headers(struct http_request *req)
{
    http_add_header(req, "Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'");
    http_add_header(req, "X-Content-Type-Options", "nosniff");
    http_add_header(req, "Referrer-Policy", "no-referrer");
    http_add_header(req, "Cross-Origin-Resource-Policy", "same-origin");
}

static const char *refusal_reason(const struct http_request *req)
{
    if (http_header_count(req, "Host") > 1 || http_header_count(req, "Origin") > 1)
        return "Host or Origin was sent twice";
    if (http_target_is_absolute(req))
        return "the request is meant for a proxy";
    return guard_reason(http_header(req, "Host"), http_header(req, "Origin"));
}

/* False: the request was refused. */
static bool admit(struct http_request *req)
{
    const char *reason = refusal_reason(req);
    add_security_headers(req);
    if (reason)
        http_problem(req, 403, "%s", reason);
    return !reason;
}

/* For all but the page itself. */
static bool admit_own(struct http_request *req)
{
    const char *reason = guard_site_reason(http_header(req, "Sec-Fetch-Site"));
    if (!admit(req))
        return false;
    if (reason)
        http_problem(req, 403, "%s", reason);
    return !reason;
}

/* --- The page ----------------------------------------------------------------------------- */

static void reply_file(struct http_request *req, const char *name)
{
    const struct page_file *file = page_file_find(name);
    if (!file) {
        http_problem(req, 404, "there is no file %.60s", name);
        return;
    }
    http_add_header(req, "Cache-Control", "no-cache");
    http_reply(req, 200, page_file_type(name), file->bytes, (size_t)(file->end - file->bytes));
}

static void get_index(struct http_request *req, void *arg)
{
    (void)arg;
    if (admit(req))
        reply_file(req, "index.html");
}

static void get_file(struct http_request *req, void *arg)
{
    (void)arg;
    if (admit_own(req))
        reply_file(req, http_param(req).text);
}

/* --- The API -------------------------------------------------------------------------------- */

static void get_state(struct http_request *req, void *arg)
{
    struct playground *playground = arg;
    if (!admit_own(req))
        return;
    const char *state = events_state(playground->events);
    http_add_header(req, "Cache-Control", "no-store");
    http_reply(req, 200, "application/json", state, strlen(state));
}

static void get_events(struct http_request *req, void *arg)
{
    struct playground *playground = arg;
    if (admit_own(req))
        events_serve(playground->events, req);
}

/* A problem (RFC 9457) with one member more. */
static void reply_refusal(struct http_request *req, const struct refusal *refusal)
{
    struct buf body = BUF_INIT(PROBLEM_MAX);
    buf_addf(&body, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\",\"detail\":",
             "the action was refused", refusal->status, refusal->code);
    json_add_string(&body, refusal->err.text, strlen(refusal->err.text));
    buf_adds(&body, ",\"instance\":\"/api/do\"}");
    size_t len = body.len;
    http_reply_take(req, refusal->status, "application/problem+json", buf_take(&body), len);
}

static void do_action(struct playground *playground, struct http_request *req, const json_t *object)
{
    static const char done[] = "{\"ok\":true}";
    struct refusal refusal = {.err = ERR_INIT};
    if (actions_do(playground->control, object, &refusal) == 0)
        http_reply(req, 200, "application/json", done, sizeof done - 1);
    else
        reply_refusal(req, &refusal);
}

static void post_do(struct http_request *req, void *arg)
{
    struct err err = ERR_INIT;
    struct http_text body = http_body(req);
    if (!admit_own(req))
        return;
    if (!http_body_is_json(req)) {
        http_problem(req, 415, "Content-Type: want application/json");
        return;
    }
    json_t *object = json_parse_new(body.text, body.len, &err);
    if (!object)
        http_problem(req, 400, "the body is not valid JSON: %s", err.text);
    else if (!json_is_object(object))
        http_problem(req, 422, "want a JSON object such as {\"action\":\"stop\",\"target\":\"redis\"}");
    else
        do_action(arg, req, object);
    json_decref(object);
}

/* For container health checks. */
static void get_live(struct http_request *req, void *arg)
{
    static const char alive[] = "{\"status\":\"alive\"}";
    (void)arg;
    http_reply(req, 200, "application/json", alive, sizeof alive - 1);
}

const struct http_route playground_routes[] = {
    {"GET", "/", get_index, 0},          {"GET", "/page/{name}", get_file, 0},
    {"GET", "/api/state", get_state, 0}, {"GET", "/api/events", get_events, 0},
    {"POST", "/api/do", post_do, 0},     {"GET", "/health/live", get_live, HTTP_ROUTE_PROBE | HTTP_ROUTE_ALWAYS},
};
const size_t playground_route_count = sizeof playground_routes / sizeof *playground_routes;
