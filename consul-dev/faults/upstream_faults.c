/* upstream-faults: a stand-in for one user-service that fails on demand.
 *
 *     build/upstream-faults --port 9001
 *     STATIC_INSTANCES=user-service=127.0.0.1:9001 build/order-service
 *     curl -X PUT http://127.0.0.1:9002/fault/hang
 *
 * Without a fault it finds every user id. It does not register: put its address into
 * STATIC_INSTANCES, or into --instances of registry-faults. The faults are in
 * reply_faults.c, and one more is here. With `--work 10` it is slow: each user takes
 * 10 ms, one after the other, as in a server whose only core is busy.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/env.h"
#include "faults/reply_faults.h"

enum kind { USERS, HEALTH, OTHER };

static int kind_of(const struct request *request)
{
    if (strncmp(request->path, "/users/", strlen("/users/")) == 0)
        return USERS;
    return strncmp(request->path, "/health", strlen("/health")) == 0 ? HEALTH : OTHER;
}

enum { WORK_MS_MAX = 10000 };

static int64_t work_ms; /* for one user */
static int64_t free_ms; /* when the work for all requests so far is done */

static void work(struct connection *connection)
{
    int64_t now_ms = clock_ms();
    free_ms = (free_ms > now_ms ? free_ms : now_ms) + work_ms;
    connection_wait(connection, free_ms);
}

static void answer(struct connection *connection, const struct request *request, struct reply *reply)
{
    const char *id = request->path + strlen("/users/");
    buf_adds(&reply->head, "Content-Type: application/json\r\n");
    if (request->kind == USERS) {
        if (work_ms > 0)
            work(connection);
        buf_addf(&reply->body, "{\"id\":\"%s\",\"name\":\"User%s\",\"email\":\"user%s@example.com\"}", id, id, id);
    } else if (request->kind == HEALTH) {
        buf_adds(&reply->body, "{\"status\":\"healthy\",\"checks\":{}}");
    } else {
        reply->status = 404;
        buf_adds(&reply->body, "{\"status\":404}");
    }
}

/* It never fails twice in a row. */
static void fail_every_second(const struct request *request, struct reply *reply)
{
    static unsigned users;
    if (request->kind == USERS && ++users % 2 == 0)
        reply->status = 500;
}

static const struct fault own_faults[] = {
    {"every-second", "500 to every second request for a user: one of two workers, or of two replicas, is broken",
     .change = fail_every_second},
    {0},
};

static int set_option(const char *name, const char *value)
{
    if (strcmp(name, "--work") != 0 || env_parse_int(value, &work_ms) != 0)
        return -1;
    return work_ms >= 0 && work_ms <= WORK_MS_MAX ? 0 : -1;
}

static void print_how_to_use(uint16_t port)
{
    printf("a stand-in for user-service, at http://127.0.0.1:%u; connect a caller to it:\n"
           "  without a registry  STATIC_INSTANCES=user-service=127.0.0.1:%u build/order-service\n"
           "  with a registry     build/registry-faults --instances 127.0.0.1:%u\n"
           "then make it fail:\n",
           port, port, port);
}

int main(int argc, char **argv)
{
    static const struct fault *const faults[] = {reply_faults, own_faults, NULL};
    static const struct stand_in_config config = {
        .program = "upstream-faults",
        .port = 9001,
        .faults = faults,
        .kinds = {"users", "health", "other"},
        .kind_of = kind_of,
        .answer = answer,
        .set_option = set_option,
        .options = "[--work MS] ",
        .flood = "[{}",
        .print_how_to_use = print_how_to_use,
    };
    return stand_in_main(&config, argc, argv);
}
