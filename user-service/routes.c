#include "routes.h"

#include <stdio.h>

#include "app.h"
#include "service/request.h"
#include "service/service.h"

static struct users *users_of(void *arg)
{
    struct app *app = service_app(arg);
    return app->users;
}

static void reply_json(struct http_request *req, int status, struct buf *json)
{
    size_t len = json->len;
    http_reply_take(req, status, "application/json", buf_take(json), len);
}

static void get_user(struct http_request *req, void *arg)
{
    static const char *const cache_names[] = {"hit", "miss", "bypass"};
    const char *id = request_id(req);
    if (!id)
        return;

    struct err err = ERR_INIT;
    struct buf json = BUF_INIT(USER_JSON_MAX);
    enum users_cache cache;
    int status = users_find(users_of(arg), id, &json, &cache, &err);
    http_add_header(req, "X-Cache", cache_names[cache]);
    if (status == 0)
        reply_json(req, 200, &json);
    else
        http_problem(req, err.code == ERR_NOT_FOUND ? 404 : 503, "%s", err.text);
    buf_close(&json);
}

static int status_of(enum err_code code)
{
    switch (code) {
    case ERR_CONFLICT:
        return 409;
    case ERR_INVALID:
        return 422;
    default:
        return 503;
    }
}

static void add_user(struct http_request *req, struct users *users, const struct user_input *input)
{
    struct err err = ERR_INIT;
    struct buf json = BUF_INIT(USER_JSON_MAX);
    char id[ID_SIZE], location[ID_SIZE + 8];
    if (users_add(users, input, id, &json, &err) != 0) {
        http_problem(req, status_of(err.code), "%s%s",
                     err.code == ERR_CONFLICT ? "a user with this e-mail exists" : err.text,
                     err.code == ERR_UNKNOWN_OUTCOME ? "; repeat the request: 409 means that the user exists" : "");
    } else {
        snprintf(location, sizeof location, "/users/%s", id);
        http_add_header(req, "Location", location);
        reply_json(req, 201, &json);
    }
    buf_close(&json);
}

static void post_user(struct http_request *req, void *arg)
{
    json_t *object = request_object_new(req);
    if (!object)
        return;

    struct err err = ERR_INIT;
    struct user_input input;
    int rejected = user_input_read(object, &input, &err);
    if (rejected == 0)
        add_user(req, users_of(arg), &input);
    else
        http_problem(req, rejected, "%s", err.text);
    json_decref(object);
}

const struct http_route user_routes[] = {
    {"GET", "/users/{id}", get_user, 0},
    {"POST", "/users", post_user, 0},
};
const size_t user_route_count = sizeof user_routes / sizeof *user_routes;
