/* registry-faults: a stand-in for Consul's agent that misbehaves as it is told.
 *
 *     build/registry-faults --instances 127.0.0.1:8001,127.0.0.1:8002
 *     CONSUL_HTTP_ADDR=http://127.0.0.1:8510 build/order-service
 *     curl -X PUT http://127.0.0.1:8511/fault/hang
 *
 * It knows the few calls that common/registry/consul.c makes: register,
 * deregister, "am I still there?", heartbeats, and a service's list with blocking
 * queries. It checks nobody: who is registered is passing. What can break is in
 * reply_faults.c (any server) and list_faults.c (a registry).
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

enum { WAIT_MS = 5 * 60 * 1000 }; /* of a blocking query that does not say how long, as Consul's */

/* --- A service's list ------------------------------------------------------------------------------- */

static void wait_for_change(struct peer *peer, const struct request *request)
{
    uint64_t seen = (uint64_t)request_number(request, "index", 0);
    int64_t deadline = deadline_in(request_number(request, "wait", WAIT_MS));
    while (seen > 0 && catalog_index() <= seen && !stand_answers_at_once() && deadline_left(deadline) > 0)
        if (!peer_pause(peer, deadline))
            return;
}

static void answer_list(struct peer *peer, const struct request *request, struct reply *reply)
{
    char service[128];
    size_t at = 0;
    wait_for_change(peer, request);
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

/* --- The agent's own calls ---------------------------------------------------------------------------- */

static void answer_register(const struct request *request, const char *rest, struct reply *reply)
{
    (void)rest;
    if (catalog_register(buf_text(&request->body), request->body.len) != 0)
        reply->status = 400;
    stand_wake_all();
}

static void answer_deregister(const struct request *request, const char *id, struct reply *reply)
{
    (void)request;
    if (!catalog_remove(id))
        reply->status = 404;
    stand_wake_all();
}

static void answer_look(const struct request *request, const char *id, struct reply *reply)
{
    (void)request;
    bool known = catalog_find(id) != NULL;
    reply->status = known ? 200 : 404;
    buf_adds(&reply->body, known ? "{}" : "unknown service ID");
}

static void answer_own_health(const struct request *request, const char *id, struct reply *reply)
{
    answer_look(request, id, reply);
    buf_clear(&reply->body);
    buf_adds(&reply->body, "{\"AggregatedStatus\":\"passing\",\"Checks\":[]}");
}

/* pass/service:ID, warn/… or fail/… */
static void answer_beat(const struct request *request, const char *rest, struct reply *reply)
{
    (void)request;
    const char *status = strncmp(rest, "pass", 4) == 0 ? "passing" : strncmp(rest, "warn", 4) == 0 ? "warning" : "critical";
    const char *id = strchr(rest, ':');
    if (!id || !catalog_set_status(id + 1, status)) {
        reply->status = 404;
        buf_adds(&reply->body, "unknown check");
    }
    stand_wake_all();
}

static void answer_leader(const struct request *request, const char *rest, struct reply *reply)
{
    (void)request, (void)rest;
    buf_adds(&reply->body, "\"127.0.0.1:8300\"");
}

/* --- Which call is which ---------------------------------------------------------------------------------- */

enum kind { LIST, REGISTER, DEREGISTER, LOOK, BEAT, OTHER };

static const struct call {
    const char *path;
    enum kind kind;
    void (*answer)(const struct request *request, const char *rest, struct reply *reply);
} calls[] = {
    {"/v1/agent/service/register", REGISTER, answer_register},
    {"/v1/agent/service/deregister/", DEREGISTER, answer_deregister},
    {"/v1/agent/service/", LOOK, answer_look},
    {"/v1/agent/health/service/id/", LOOK, answer_own_health},
    {"/v1/agent/check/", BEAT, answer_beat},
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

static void answer(struct peer *peer, const struct request *request, struct reply *reply)
{
    char rest[512];
    const struct call *call = find_call(request);
    if (request->kind == LIST) {
        answer_list(peer, request, reply);
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

static void show_how_to_use(uint16_t port)
{
    printf("a stand-in for Consul, at http://127.0.0.1:%u; point a service at it:\n"
           "  a caller        CONSUL_HTTP_ADDR=http://127.0.0.1:%u build/order-service\n"
           "  an instance     CONSUL_HTTP_ADDR=http://127.0.0.1:%u PORT=8001 build/user-service\n"
           "and then break it:\n",
           port, port, port);
}

int main(int argc, char **argv)
{
    static const struct fault *const faults[] = {reply_faults, list_faults, NULL};
    static const struct stand_config config = {
        .program = "registry-faults",
        .port = 8510,
        .faults = faults,
        .kinds = {"list", "register", "deregister", "look", "beat", "other"},
        .kind_of = kind_of,
        .answer = answer,
        .on_switch = catalog_touch, /* whoever waits for a change sees the fault now */
        .set_option = set_option,
        .options = "[--instances ADDRESS:PORT,...] ",
        .show_how_to_use = show_how_to_use,
    };
    json_init();
    return stand_main(&config, argc, argv);
}
