#include "service/healthcheck.h"

#include <stdio.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "net/http_client.h"

enum { TIMEOUT_MS = 3000 }; /* a local call; Docker's own timeout is 30 s */

struct liveness_call {
    const char *host;
    uint16_t port;
    struct err err;
};

static void call_live(void *arg)
{
    struct liveness_call *call = arg;
    struct http_response response = HTTP_RESPONSE_INIT;
    struct http_client *http = http_client_new(1);
    if (!http) {
        err_set(&call->err, ERR_FAILED, "out of memory");
        return;
    }
    const struct http_call request = {
        .host = call->host,
        .port = call->port,
        .path = "/health/live",
        .deadline = deadline_in(TIMEOUT_MS),
        .body_cap = 1024,
    };
    if (http_call(http, &request, &response, &call->err) == 0 && response.status != 200)
        err_set(&call->err, ERR_FAILED, "%s:%u replied with status %d", call->host, call->port, response.status);
    http_response_close(&response);
    http_client_free(http);
}

int healthcheck_run(const struct settings *settings)
{
    struct liveness_call call = {
        .host = settings_own_host(settings), .port = (uint16_t)settings->port, .err = ERR_INIT};
    if (call.port == 0) {
        fprintf(stderr, "PORT=0: want the port of the running instance for --healthcheck, such as 8001\n");
        return 1;
    }
    loop_open();
    loop_run(call_live, &call);
    loop_close();
    if (call.err.code == ERR_NONE)
        return 0;
    fprintf(stderr, "%s\n", call.err.text);
    return 1;
}
