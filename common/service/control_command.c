#include "service/control_command.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "net/json.h"
#include "service/control_order.h"

enum {
    TIMEOUT_MS = 5000, /* a local call; the instance waits for its registries for 1 s */
    BODY_CAP = 16 * 1024,
    NAMES_MAX = 64, /* bytes of a list of registries */
};

struct control_call {
    const char *host;
    uint16_t port;
    struct buf body;
    struct http_response response;
    struct err err;
};

/* --- The order ---------------------------------------------------------------------- */

static json_t *order_new(const struct arguments *arguments, const char *program)
{
    json_t *order = json_pack("{s:s}", "program", program);
    if (arguments->weight)
        json_object_set_new(order, "weight", json_integer(arguments->weight));
    if (arguments->maintenance)
        json_object_set_new(order, "maintenance", json_boolean(strcmp(arguments->maintenance, "on") == 0));
    if (arguments->reason)
        json_object_set_new(order, "reason", json_text_new(arguments->reason));
    return order;
}

static void send_order(void *arg)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct control_call *call = arg;
    struct http_client *http = http_client_new(1);
    if (!http) {
        err_set(&call->err, ERR_FAILED, "out of memory");
        return;
    }
    const struct http_call request = {
        .method = "PUT",
        .host = call->host,
        .port = call->port,
        .path = "/control",
        .headers = headers,
        .body = buf_text(&call->body),
        .body_len = call->body.len,
        .deadline = deadline_in(TIMEOUT_MS),
        .body_cap = BODY_CAP,
    };
    http_call(http, &request, &call->response, &call->err);
    http_client_free(http);
}

/* --- The line ----------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

/* "consul, etcd": the registries in this state. */
static const char *list_names(const json_t *state, const char *wanted, char names[NAMES_MAX])
{
    const char *name;
    json_t *registries = json_object_get(state, "registries"), *ignored;
    names[0] = '\0';
    json_object_foreach(registries, name, ignored) {
        size_t len = strlen(names);
        if (strcmp(text_of(registries, name), wanted) == 0)
            snprintf(names + len, NAMES_MAX - len, "%s%s", len ? ", " : "", name);
    }
    return names;
}

static void print_maintenance(const json_t *state)
{
    const char *reason = text_of(state, "reason");
    if (json_is_true(json_object_get(state, "maintenance")))
        printf(" is in maintenance%s%s", *reason ? ": " : "", reason);
    else
        printf(" is in service");
}

static void print_state(const struct arguments *arguments, const json_t *state)
{
    char current[NAMES_MAX], pending[NAMES_MAX];
    printf("%s", text_of(state, "id"));
    if (arguments->maintenance)
        print_maintenance(state);
    if (arguments->weight)
        printf("%s has weight %" JSON_INTEGER_FORMAT, arguments->maintenance ? ";" : "",
               json_integer_value(json_object_get(state, "weight")));
    if (*list_names(state, "current", current))
        printf("; callers see it in %s", current);
    if (*list_names(state, "pending", pending))
        printf("; not yet in %s: as soon as the instance is registered there", pending);
    printf("\n");
}

static void print_failure(const struct control_call *call, const char *detail)
{
    static const char want[] = "want PORT and BIND_ADDRESS as the instance has them";
    if (call->err.code == ERR_TIMEOUT)
        fprintf(stderr, "no reply from %s:%u within %d s: the instance hangs, and may still carry this out. "
                "GET /control shows it when it answers again\n", call->host, call->port, TIMEOUT_MS / 1000);
    else if (call->err.code != ERR_NONE)
        fprintf(stderr, "cannot reach the instance: %s; %s\n", call->err.text, want);
    else if (!*detail)
        fprintf(stderr, "cannot change the instance: %s:%u is another program (it replied with status %d); %s\n",
                call->host, call->port, call->response.status, want);
    else
        fprintf(stderr, "cannot change the instance: %s:%u replied with status %d: %s\n", call->host, call->port,
                call->response.status, detail);
}

/* The reply is that of the instance, or a problem (RFC 9457), or from another program. */
static int report(const struct arguments *arguments, const struct control_call *call)
{
    struct err ignored = ERR_INIT;
    const struct buf *body = &call->response.body;
    json_t *reply = call->err.code == ERR_NONE ? json_parse_new(buf_text(body), body->len, &ignored) : NULL;
    bool is_done = call->response.status == 200 && *text_of(reply, "id");
    if (is_done)
        print_state(arguments, reply);
    else
        print_failure(call, text_of(reply, "detail"));
    json_decref(reply);
    return is_done ? 0 : 1;
}

/* --- The command -------------------------------------------------------------------- */

static int check_order(const struct arguments *arguments, const char *program, struct buf *body, struct err *err)
{
    struct control_order order;
    json_t *object = order_new(arguments, program);
    int rejected = control_order_read(object, &order, err);
    if (rejected == 0 && json_add_take(body, json_incref(object)) == false)
        rejected = err_set(err, ERR_FAILED, "out of memory");
    json_decref(object);
    return rejected;
}

int control_command_run(const struct arguments *arguments, const char *program, const struct settings *settings)
{
    struct control_call call = {.host = settings_own_host(settings), .port = (uint16_t)settings->port,
                                .body = BUF_INIT(BODY_CAP), .response = HTTP_RESPONSE_INIT, .err = ERR_INIT};
    int code = 2;
    if (call.port == 0)
        fprintf(stderr, "PORT=0: want the port of the running instance, such as 8001\n");
    else if (check_order(arguments, program, &call.body, &call.err) != 0)
        fprintf(stderr, "--%s\n", call.err.text);
    else {
        loop_open();
        loop_run(send_order, &call);
        loop_close();
        code = report(arguments, &call);
    }
    http_response_close(&call.response);
    buf_close(&call.body);
    return code;
}
