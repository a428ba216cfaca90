#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "loop/fiber.h"
#include "loop/sync.h"
#include "net/http_client.h"

enum {
    TICK_MS = 10,
    CALL_LIMIT_MS = 5000, /* more than order-service's own deadline of 3 s */
    WAITING_MAX = 2000,   /* calls that wait at the same time; further ones are not made */
    REPLY_MAX = 64 * 1024,
};

struct call {
    struct model *model;
    char path[48];
};

static int waiting;

/* --- One call ------------------------------------------------------------------------ */

static void make_call(void *arg)
{
    struct call *call = arg;
    struct model *model = call->model;
    const struct node *orders = model_first(model, NODE_ORDERS);
    struct err err = ERR_INIT;
    struct http_response response = HTTP_RESPONSE_INIT;
    char host[sizeof orders->host], instance[TARGET_MAX] = "";
    snprintf(host, sizeof host, "%s", orders->host);
    const struct http_call http = {
        .host = host,
        .port = (uint16_t)orders->port,
        .path = call->path,
        .deadline = deadline_in(CALL_LIMIT_MS),
        .body_cap = REPLY_MAX,
    };
    int64_t began = clock_us();
    bool answered = http_call(model->http, &http, &response, &err) == 0;
    if (answered)
        http_response_header(&response, "X-Upstream", instance, sizeof instance);
    if (err.code != ERR_CANCELLED)
        seconds_call(&model->seconds, instance, answered ? response.status : 0, began);
    http_response_close(&response);
    free(call);
    waiting--;
}

static void start_call(struct model *model)
{
    struct call *call = waiting < WAITING_MAX ? calloc(1, sizeof *call) : NULL;
    if (!call)
        return;
    call->model = model;
    if (strcmp(model->load.key, "random") == 0)
        snprintf(call->path, sizeof call->path, "/users/%d", 1 + (int)rand_below(LOAD_USERS));
    else
        snprintf(call->path, sizeof call->path, "/users/%s", model->load.key);
    waiting++;
    if (group_go(model->fibers, make_call, call) != 0) {
        waiting--;
        free(call);
    }
}

int load_calls(void)
{
    return waiting;
}

/* --- Seconds ---------------------------------------------------------------------------- */

static void end_second(struct model *model, int64_t t)
{
    for (size_t i = 0; i < model->node_count; i++) {
        struct node *node = model->nodes[i];
        const struct second_count *count = seconds_of(&model->seconds, node->id);
        node->calls = count ? count->calls : 0;
        node->failed = count ? count->failed : 0;
    }
    seconds_end(&model->seconds, t);
}

/* --- The rate ----------------------------------------------------------------------------- */

/* The calls that are due, in thousandths: 20 a second are 200 in each tick. */
static int64_t add_due(const struct model *model, int64_t due, int64_t elapsed_ms)
{
    if (!model->load.on || model->load_holds > 0)
        return 0;
    due += model->load.rate * elapsed_ms;
    int64_t most = (int64_t)model->load.rate * 1000; /* after a pause of the machine: no more than a second's */
    return due < most ? due : most;
}

void load_run(void *arg)
{
    struct model *model = arg;
    int64_t due = 0, last_ms = clock_ms(), second = clock_wall_ms() / 1000;
    while (fiber_sleep(TICK_MS) == 0) {
        int64_t now_ms = clock_ms(), now_second = clock_wall_ms() / 1000;
        for (due = add_due(model, due, now_ms - last_ms); due >= 1000; due -= 1000)
            start_call(model);
        last_ms = now_ms;
        if (now_second != second)
            end_second(model, second);
        second = now_second;
    }
}
