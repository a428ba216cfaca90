/* registry-faults: a stand-in for Consul's agent that fails on demand.
 *
 *     build/registry-faults --instances 127.0.0.1:8001,127.0.0.1:8002
 *     CONSUL_HTTP_ADDR=http://127.0.0.1:8510 build/order-service
 *     curl -X PUT http://127.0.0.1:8511/fault/hang
 *
 * It answers the calls that common/registry/consul/consul.c makes: register, deregister, "is
 * this service registered?", heartbeats, and a service's list with blocking queries. It makes
 * no health checks: a registered instance is passing. The faults are in reply_faults.c (of any
 * server) and list_faults.c (of a registry).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "catalog.h"
#include "list_faults.h"
#include "net/json.h"
#include "net/url.h"
#include "faults/reply_faults.h"

enum { WAIT_MS = 5 * 60 * 1000 }; /* of a blocking query without `wait`, as in Consul */

/* --- A service's list ------------------------------------------------------------------------------- */

static void wait_for_change(struct connection *connection, const struct request *request)
{
    uint64_t seen = (uint64_t)request_number(request, "index", 0);
    int64_t deadline = deadline_in(request_duration_ms(request, "wait", WAIT_MS));
    while (seen > 0 && catalog_index() <= seen && !stand_in_answers_at_once() && deadline_left(deadline) > 0)
        if (!connection_wait(connection, deadline))
            return;
}

static void answer_list(struct connection *connection, const struct request *request, struct reply *reply)
{
    char service[128];
    size_t at = 0;
    wait_for_change(connection, request);
    buf_addf(&reply->head,
             "Content-Type: application/json\r\nX-Consul-Index: %" PRIu64 "\r\nX-Consul-KnownLeader: true\r\n"
             "X-Consul-Lastcontact: 0\r\n",
             catalog_index());
    buf_adds(&reply->body, "[");
    if (listed_service(request, service, sizeof service))
        for (const struct entry *entry; (entry = catalog_next(service, &at));)
            catalog_write(&reply->body, entry);
    buf_adds(&reply->body, "]");
}

/* --- The agent's calls -------------------------------------------------------------------------------- */

static void answer_register(const struct request *request, const char *rest, struct reply *reply)
{
    (void)rest;
    if (catalog_register(buf_text(&request->body), request->body.len) != 0)
        reply->status = 400;
    stand_in_wake_all();
}

static void answer_deregister(const struct request *request, const char *id, struct reply *reply)
{
    (void)request;
    if (!catalog_remove(id))
        reply->status = 404;
    stand_in_wake_all();
}

static void answer_is_registered(const struct request *request, const char *id, struct reply *reply)
{
    (void)request;
    bool known = catalog_find(id) != NULL;
    reply->status = known ? 200 : 404;
    buf_adds(&reply->body, known ? "{}" : "unknown service ID");
}

static void answer_own_health(const struct request *request, const char *id, struct reply *reply)
{
    answer_is_registered(request, id, reply);
    buf_clear(&reply->body);
    buf_adds(&reply->body, "{\"AggregatedStatus\":\"passing\",\"Checks\":[]}");
}

/* pass/service:ID, warn/… or fail/… */
static void answer_heartbeat(const struct request *request, const char *rest, struct reply *reply)
{
    (void)request;
    const char *status = strncmp(rest, "pass", 4) == 0 ? "passing" : strncmp(rest, "warn", 4) == 0 ? "warning" : "critical";
    const char *id = strchr(rest, ':');
    if (!id || !catalog_set_status(id + 1, status)) {
        reply->status = 404;
        buf_adds(&reply->body, "unknown check");
    }
    stand_in_wake_all();
}

static void answer_leader(const struct request *request, const char *rest, struct reply *reply)
{
    (void)request, (void)rest;
    buf_adds(&reply->body, "\"127.0.0.1:8300\"");
}

/* --- Find the call ------------------------------------------------------------------------------------------ */

enum kind { LIST, REGISTER, DEREGISTER, IS_REGISTERED, HEARTBEAT, OTHER };

static const struct call {
    const char *path;
    enum kind kind;
    void (*answer)(const struct request *request, const char *rest, struct reply *reply);
} calls[] = {
    {"/v1/agent/service/register", REGISTER, answer_register},
    {"/v1/agent/service/deregister/", DEREGISTER, answer_deregister},
    {"/v1/agent/service/", IS_REGISTERED, answer_is_registered},
    {"/v1/agent/health/service/id/", IS_REGISTERED, answer_own_health},
    {"/v1/agent/check/", HEARTBEAT, answer_heartbeat},
    {"/v1/status/leader", OTHER, answer_leader},
};

static const struct call *find_call(const struct request *request)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strncmp(request->path, calls[i].path, strlen(calls[i].path)) == 0)
            return &calls[i];
    return NULL;
}

static int kind_of(const struct request *request)
{
    char service[128];
    const struct call *call = find_call(request);
    return listed_service(request, service, sizeof service) ? LIST : call ? (int)call->kind : OTHER;
}

static void answer(struct connection *connection, const struct request *request, struct reply *reply)
{
    char rest[512];
    const struct call *call = find_call(request);
    if (request->kind == LIST) {
        answer_list(connection, request, reply);
    } else if (call) {
        size_t len = (size_t)snprintf(rest, sizeof rest, "%s", request->path + strlen(call->path));
        if (url_decode(rest, &len) == 0)
            call->answer(request, rest, reply);
        else
            reply->status = 400;
    } else {
        reply->status = 404;
    }
}

/* --- The program -------------------------------------------------------------------------------------------- */

static int set_option(const char *name, const char *value)
{
    return strcmp(name, "--instances") == 0 ? catalog_add_fixed(value) : -1;
}

static void print_how_to_use(uint16_t port)
{
    printf("a stand-in for Consul, at http://127.0.0.1:%u; connect a service to it:\n"
           "  a caller            CONSUL_HTTP_ADDR=http://127.0.0.1:%u build/order-service\n"
           "  an instance         CONSUL_HTTP_ADDR=http://127.0.0.1:%u PORT=8001 build/user-service\n"
           "then make it fail:\n",
           port, port, port);
}

int main(int argc, char **argv)
{
    static const struct fault *const faults[] = {reply_faults, list_faults, NULL};
    static const struct stand_in_config config = {
        .program = "registry-faults",
        .port = 8510,
        .faults = faults,
        .kinds = {"list", "register", "deregister", "look", "beat", "other"},
        .kind_of = kind_of,
        .answer = answer,
        .on_fault_change = catalog_touch, /* blocking queries return, and get the fault */
        .set_option = set_option,
        .options = "[--instances ADDRESS:PORT,...] ",
        .print_how_to_use = print_how_to_use,
    };
    json_init();
    return stand_in_main(&config, argc, argv);
}
