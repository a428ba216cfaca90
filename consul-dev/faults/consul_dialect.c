/* Consul's agent: the calls that consul.c and consul_fetch.c in common/registry/consul make, with blocking queries. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "consul_faults.h"
#include "dialect.h"
#include "net/json.h"
#include "net/url.h"

enum { WAIT_MS = 5 * 60 * 1000 }; /* of a blocking query without `wait`, as in Consul */

/* --- A service's list ------------------------------------------------------------------------------- */

static const char list_prefix[] = "/v1/health/service/";

static bool listed_service(const struct request *request, char out[SERVICE_NAME])
{
    if (strncmp(request->path, list_prefix, strlen(list_prefix)) != 0)
        return false;
    snprintf(out, SERVICE_NAME, "%s", request->path + strlen(list_prefix));
    size_t len = strlen(out);
    return url_decode(out, &len) == 0;
}

static void wait_for_change(struct connection *connection, const struct request *request)
{
    uint64_t seen = (uint64_t)request_number(request, "index", 0);
    int64_t deadline = deadline_in(request_duration_ms(request, "wait", WAIT_MS));
    while (seen > 0 && catalog_index() <= seen && !stand_in_answers_at_once() && deadline_left(deadline) > 0)
        if (!connection_wait(connection, deadline))
            return;
}

static void add_index(struct reply *reply)
{
    buf_addf(&reply->head,
             "Content-Type: application/json\r\nX-Consul-Index: %" PRIu64 "\r\nX-Consul-KnownLeader: true\r\n"
             "X-Consul-Lastcontact: 0\r\n",
             catalog_index());
}

static void begin_list(struct reply *reply, const char *service)
{
    (void)service;
    add_index(reply);
    buf_adds(&reply->body, "[");
}

static void end_list(const struct request *request, struct reply *reply, int count)
{
    (void)request, (void)count;
    buf_adds(&reply->body, "]");
}

static const char *word_of(enum entry_status status)
{
    static const char *const words[] = {
        [ENTRY_PASSING] = "passing", [ENTRY_WARNING] = "warning", [ENTRY_CRITICAL] = "critical"};
    return words[status];
}

static void add_node(struct buf *out, const struct entry *entry)
{
    buf_addf(out,
             "{\"Node\":{\"ID\":\"85c097c6-b922-a043-8b9d-6e18124d891f\",\"Node\":\"%s\",\"Address\":%s,"
             "\"Datacenter\":\"dc1\",\"TaggedAddresses\":{\"lan\":\"127.0.0.1\",\"lan_ipv4\":\"127.0.0.1\","
             "\"wan\":\"127.0.0.1\",\"wan_ipv4\":\"127.0.0.1\"},\"Meta\":{\"consul-network-segment\":\"\"},"
             "\"CreateIndex\":5,\"ModifyIndex\":6},",
             entry->node, entry->is_bare ? entry->address : "\"127.0.0.1\"");
}

static void add_service(struct buf *out, const struct entry *entry)
{
    buf_addf(out, "\"Service\":{\"ID\":\"%s\",\"Service\":\"%s\",\"Tags\":%s,\"Address\":%s,\"Meta\":", entry->id,
             entry->service, entry->is_bare ? "null" : "[]", entry->is_bare ? "null" : entry->address);
    if (entry->is_bare)
        buf_adds(out, "null");
    else
        buf_addf(out, "{\"version\":%s,\"zone\":%s}", entry->version, entry->zone);
    buf_addf(out, ",\"Port\":%s,\"Weights\":", entry->port);
    if (entry->is_bare)
        buf_adds(out, "null");
    else
        buf_addf(out, "{\"Passing\":%d,\"Warning\":1}", entry->weight);
    buf_adds(out, ",\"EnableTagOverride\":false,\"Proxy\":{\"MeshGateway\":{},\"Expose\":{}},"
                  "\"Connect\":{},\"CreateIndex\":7,\"ModifyIndex\":7},");
}

/* An entry is as long as in Consul 1.8 (about 1.2 KB), so that a list of 10,000 entries costs as much as a real one. */
static void add_entry(struct buf *out, const struct entry *entry)
{
    dialect_comma(out);
    add_node(out, entry);
    add_service(out, entry);
    buf_addf(out,
             "\"Checks\":[{\"Node\":\"%s\",\"CheckID\":\"serfHealth\",\"Name\":\"Serf Health Status\","
             "\"Status\":\"%s\",\"Notes\":\"\",\"Output\":\"Agent alive and reachable\",\"ServiceID\":\"\","
             "\"ServiceName\":\"\",\"ServiceTags\":[],\"Type\":\"\",\"Definition\":{},\"CreateIndex\":5,"
             "\"ModifyIndex\":5},{\"Node\":\"%s\",\"CheckID\":\"service:%s\",\"Name\":\"Service '%s' check\","
             "\"Status\":\"%s\",\"Notes\":\"\",\"Output\":\"\",\"ServiceID\":\"%s\",\"ServiceName\":\"%s\","
             "\"ServiceTags\":%s,\"Type\":\"http\",\"Definition\":{},\"CreateIndex\":7,\"ModifyIndex\":8}]}",
             entry->node, word_of(entry->node_down ? ENTRY_CRITICAL : ENTRY_PASSING), entry->node, entry->id,
             entry->service, word_of(entry->status), entry->id, entry->service, entry->is_bare ? "null" : "[]");
}

/* --- The agent's calls -------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static int put_service(const json_t *service)
{
    struct entry entry = catalog_entry();
    const json_t *meta = json_object_get(service, "Meta");
    const json_t *weight = json_object_get(json_object_get(service, "Weights"), "Passing");
    snprintf(entry.id, sizeof entry.id, "%s", text_of(service, "ID"));
    snprintf(entry.service, sizeof entry.service, "%s", text_of(service, "Name"));
    snprintf(entry.port, sizeof entry.port, "%lld", (long long)json_integer_value(json_object_get(service, "Port")));
    entry.weight = json_is_integer(weight) ? (int)json_integer_value(weight) : 1;
    if (catalog_quote(entry.address, sizeof entry.address, text_of(service, "Address")) != 0 ||
        catalog_quote(entry.version, sizeof entry.version, text_of(meta, "version")) != 0 ||
        catalog_quote(entry.zone, sizeof entry.zone, text_of(meta, "zone")) != 0)
        return -1;
    return catalog_put(&entry);
}

/* Passing from the start: this stand-in makes no health checks. */
static void answer_register(const struct request *request, const char *rest, struct reply *reply)
{
    (void)rest;
    struct err ignored = ERR_INIT;
    json_t *service = json_parse_new(buf_text(&request->body), request->body.len, &ignored);
    if (!service || put_service(service) != 0)
        reply->status = 400;
    json_decref(service);
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
    enum entry_status status = strncmp(rest, "pass", 4) == 0   ? ENTRY_PASSING
                               : strncmp(rest, "warn", 4) == 0 ? ENTRY_WARNING
                                                               : ENTRY_CRITICAL;
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

/* This KV store has no keys: Consul then replies 404, with an index. */
static void answer_keys(const struct request *request, const char *folder, struct reply *reply)
{
    (void)request, (void)folder;
    reply->status = 404;
    add_index(reply);
}

/* --- Find the call ------------------------------------------------------------------------------------------ */

static const struct call {
    const char *path;
    enum asked asked;
    void (*answer)(const struct request *request, const char *rest, struct reply *reply);
} calls[] = {
    {"/v1/agent/service/register", ASKED_REGISTER, answer_register},
    {"/v1/agent/service/deregister/", ASKED_DEREGISTER, answer_deregister},
    {"/v1/agent/service/", ASKED_LOOK, answer_is_registered},
    {"/v1/agent/health/service/id/", ASKED_LOOK, answer_own_health},
    {"/v1/agent/check/", ASKED_BEAT, answer_heartbeat},
    {"/v1/status/leader", ASKED_OTHER, answer_leader},
    {"/v1/kv/", ASKED_OTHER, answer_keys},
};

static const struct call *find_call(const struct request *request)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strncmp(request->path, calls[i].path, strlen(calls[i].path)) == 0)
            return &calls[i];
    return NULL;
}

static enum asked asked_for(const struct request *request)
{
    char service[SERVICE_NAME];
    const struct call *call = find_call(request);
    return listed_service(request, service) ? ASKED_LIST : call ? call->asked : ASKED_OTHER;
}

static void answer(const struct request *request, struct reply *reply)
{
    char rest[512];
    const struct call *call = find_call(request);
    if (!call) {
        reply->status = 404;
        return;
    }
    size_t len = (size_t)snprintf(rest, sizeof rest, "%s", request->path + strlen(call->path));
    if (url_decode(rest, &len) == 0)
        call->answer(request, rest, reply);
    else
        reply->status = 400;
}

const struct dialect consul_dialect = {
    .kind = "consul",
    .server = "Consul",
    .setting = "CONSUL_HTTP_ADDR=http://127.0.0.1:",
    .setting_path = "",
    .flood = "[{}",
    .faults = consul_faults,
    .asked_for = asked_for,
    .listed_service = listed_service,
    .answer = answer,
    .wait = wait_for_change,
    .begin_list = begin_list,
    .add_entry = add_entry,
    .end_list = end_list,
};
