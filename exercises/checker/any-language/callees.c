#include "callees.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "checker/check.h"
#include "harness/http_probe.h"
#include "harness/view.h"

enum { START_LIMIT_MS = 20000, URL_MAX = 160 };

static void require_ok(int status, const struct err *err)
{
    if (status != 0)
        fail_here("%s", err->text);
}

/* --- Programs of the project, each with a control port ------------------------------------------ */

static void run_stand_in(struct proc *proc, const char *program, const struct port *port, const struct port *control,
                         const char *instances, const struct folder *folder)
{
    struct err err = ERR_INIT;
    char build[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 32], log[PLACE_PATH_MAX + 32], ports[2][16];
    build_path(build);
    snprintf(path, sizeof path, "%s/%s", build, program);
    snprintf(log, sizeof log, "%s/%s-%d", folder->path, program, port->number);
    snprintf(ports[0], sizeof ports[0], "%d", port->number);
    snprintf(ports[1], sizeof ports[1], "%d", control->number);
    const char *const argv[] = {path, "--port", ports[0], "--control", ports[1], instances ? "--instances" : NULL,
                                instances, NULL};
    require_ok(proc_start(proc, argv, NULL, log, &err), &err);
    if (!proc_wait_output(proc, "current fault", NULL, 0, START_LIMIT_MS))
        fail_here("%s does not start: see %s", path, log);
}

static void take_ports(struct port *port, struct port *control)
{
    struct err err = ERR_INIT;
    require_ok(port_take(port, &err), &err);
    require_ok(port_take(control, &err), &err);
}

static void set_fault(const struct port *control, const char *fault)
{
    char url[URL_MAX];
    struct err err = ERR_INIT;
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "http://127.0.0.1:%d/fault/%s", control->number, fault);
    require_ok(probe_send(NULL, &(struct probe_request){.method = "PUT", .url = url}, &reply, &err), &err);
    if (reply.status != 200)
        fail_here("%s: %s", url, buf_text(&reply.body));
    probe_reply_close(&reply);
}

static int count_requests(const struct port *control, const char *kind)
{
    char url[URL_MAX];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "http://127.0.0.1:%d/requests", control->number);
    if (probe_get(NULL, url, &reply) != 200)
        fail_here("%s does not answer", url);
    json_t *counts = json_loads(buf_text(&reply.body), 0, NULL);
    int count = (int)json_integer_value(json_object_get(counts, kind));
    json_decref(counts);
    probe_reply_close(&reply);
    return count;
}

/* --- Callees -------------------------------------------------------------------------------------- */

void callee_restart(struct callee *callee, const struct folder *folder)
{
    run_stand_in(&callee->proc, "upstream-faults", &callee->port, &callee->control, NULL, folder);
    callee->counted = 0;
}

void callee_start(struct callee *callee, const char *id, int weight, const struct folder *folder)
{
    *callee = (struct callee){.id = id, .weight = weight};
    take_ports(&callee->port, &callee->control);
    callee_restart(callee, folder);
}

void callee_kill(struct callee *callee)
{
    proc_stop(&callee->proc, SIGKILL, 0);
}

void callee_fail(struct callee *callee, const char *fault)
{
    set_fault(&callee->control, fault);
    callee->counted = 0;
}

int callee_take(struct callee *callee)
{
    int before = callee->counted;
    callee->counted = count_requests(&callee->control, "users");
    return callee->counted - before;
}

/* --- Consul ---------------------------------------------------------------------------------------- */

static void send_to_consul(const struct server *consul, const char *path, const char *body)
{
    char url[URL_MAX];
    struct err err = ERR_INIT;
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s/v1/agent/service/%s", consul->url, path);
    require_ok(probe_send(NULL, &(struct probe_request){.method = "PUT", .url = url, .body = body}, &reply, &err),
               &err);
    if (reply.status != 200)
        fail_here("%s: %d %s", url, reply.status, buf_text(&reply.body));
    probe_reply_close(&reply);
}

struct listed {
    const struct server *consul;
    const char *id;
    bool passing;
};

static bool is_listed(void *arg)
{
    const struct listed *listed = arg;
    return consul_has(listed->consul, "user-service", listed->id, true) == listed->passing;
}

void consul_await(const struct server *consul, const struct callee *callee, bool passing)
{
    if (!wait_until(is_listed, &(struct listed){consul, callee->id, passing}, START_LIMIT_MS))
        fail_here("Consul does not list %s as expected", callee->id);
}

/* The timeout is long, because a busy machine must not make an instance critical. */
void consul_register(const struct server *consul, const struct callee *callee)
{
    char body[512];
    snprintf(body, sizeof body,
             "{\"ID\":\"%s\",\"Name\":\"user-service\",\"Address\":\"127.0.0.1\",\"Port\":%d,"
             "\"Weights\":{\"Passing\":%d,\"Warning\":1},\"Check\":{\"HTTP\":\"http://127.0.0.1:%d/health\","
             "\"Interval\":\"1s\",\"Timeout\":\"10s\",\"Status\":\"passing\"}}",
             callee->id, callee->port.number, callee->weight, callee->port.number);
    send_to_consul(consul, "register", body);
    consul_await(consul, callee, true);
}

void consul_deregister(const struct server *consul, const struct callee *callee)
{
    char path[64];
    snprintf(path, sizeof path, "deregister/%s", callee->id);
    send_to_consul(consul, path, "");
    consul_await(consul, callee, false);
}

/* --- The stand-in for Consul ---------------------------------------------------------------------------- */

void registry_start(struct registry *registry, const struct callee *callees, int count, const struct folder *folder)
{
    char instances[URL_MAX] = "";
    for (int i = 0; i < count; i++)
        snprintf(instances + strlen(instances), sizeof instances - strlen(instances), "%s127.0.0.1:%d", i ? "," : "",
                 callees[i].port.number);
    take_ports(&registry->port, &registry->control);
    run_stand_in(&registry->proc, "registry-faults", &registry->port, &registry->control, instances, folder);
    snprintf(registry->url, sizeof registry->url, "http://127.0.0.1:%d", registry->port.number);
}

void registry_fail(const struct registry *registry, const char *fault)
{
    set_fault(&registry->control, fault);
}

int registry_queries(const struct registry *registry)
{
    return count_requests(&registry->control, "list");
}
