#include "simulation/caller_process.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/service_client.h"
#include "discovery/discovery.h"
#include "net/http_client.h"
#include "simulation/calls.h"
#include "simulation/instance_process.h"
#include "simulation/wire.h"

/* The path of a call contains the address of its record. The transport sees only what would go
 * over the network, and finds the record in this way. */
static struct call_record *record_of(const struct http_call *call)
{
    uintptr_t address = 0;
    sscanf(call->path, "/users/%" SCNxPTR, &address);
    return (struct call_record *)address;
}

/* Every second call to such an instance fails: never two in a row. */
static void fail_half(struct sim_caller *caller, int instance, struct http_response *response)
{
    if (!caller->process.world->instances[instance].fails_half || response->status != 200)
        return;
    caller->half_failed[instance] = !caller->half_failed[instance];
    if (caller->half_failed[instance])
        response->status = 500;
}

/* The client's transport. */
static int send_call(void *arg, const struct http_call *call, struct http_response *response, struct err *err)
{
    struct sim_caller *caller = arg;
    struct call_record *record = record_of(call);
    int number = instance_of_port(call->port);
    struct sim_instance *instance = &caller->process.world->instances[number];
    int64_t begin_ms = clock_ms();
    int rc;
    int nth = calls_attempt_begins(record, call);
    if (has_bit(caller->cannot_reach, number)) {
        fiber_sleep(deadline_left(call->deadline));
        rc = fiber_cancelled() ? err_set(err, ERR_CANCELLED, "cancelled") : err_set(err, ERR_TIMEOUT, "timed out");
    } else {
        rc = instance_answer(instance, call, response, err);
        if (rc == 0)
            fail_half(caller, number, response);
    }
    calls_attempt_ended(record, nth, call, rc == 0 ? response->status : 0, err->code, clock_ms() - begin_ms);
    return rc;
}

/* --- One call ---------------------------------------------------------------------- */

static void make_call(void *arg)
{
    static const struct trace_context context = {.request_id = "simulated"};
    struct call_record *record = arg;
    struct sim_caller *caller = record->caller;
    struct service_reply reply = SERVICE_REPLY_INIT;
    char path[40];
    snprintf(path, sizeof path, "/users/%" PRIxPTR, (uintptr_t)record);
    snprintf(record->key, sizeof record->key, "%" PRId64, between(1, 1000));
    const struct service_call call = {.service = SERVICE, .path = path, .key = record->key, .trace = &context,
                                      .deadline = DEADLINE_NONE, .body_cap = 1000};
    record->begin_ms = clock_ms();
    record->deadline = deadline_in(caller->process.world->settings.call_timeout_ms);
    calls_begin(record);
    service_client_get(caller->client, &call, &reply);
    calls_ended(record, &reply);
    service_reply_close(&reply);
    free(record);
}

static void start_call(struct sim_caller *caller)
{
    struct call_record *record = calloc(1, sizeof *record);
    if (!record)
        return;
    record->caller = caller;
    if (group_go(&caller->calls, make_call, record) != 0)
        free(record);
}

void caller_run(void *arg)
{
    struct sim_caller *caller = arg;
    struct world *world = caller->process.world;
    while (!world->is_ending) {
        if (!caller->process.killed)
            start_call(caller);
        fiber_sleep(between(1, 2 * world->settings.call_every_ms));
    }
}

/* --- Start and stop ----------------------------------------------------------------------- */

void caller_open(struct sim_caller *caller, struct world *world, int number)
{
    caller->process.number = -1;
    snprintf(caller->process.name, sizeof caller->process.name, "caller-%d", number);
    wire_connect(&caller->process, world);
    caller->zone = settings_zone(&world->settings, number);
    for (int i = 0; i < world->settings.registries; i++)
        caller->registries[i] = &caller->process.links[i].registry;
}

/* STATIC_INSTANCES: the first port of each instance. */
static void write_static(const struct world *world, char text[STATIC_MAX])
{
    int len = snprintf(text, STATIC_MAX, "%s=", SERVICE);
    for (int i = 0; i < world->settings.instances; i++)
        len += snprintf(text + len, (size_t)(STATIC_MAX - len), "%s%s:%d", i > 0 ? "," : "",
                        world->instances[i].address, port_of(i, 0));
}

void caller_start(struct sim_caller *caller)
{
    const struct settings *settings = &caller->process.world->settings;
    if (settings->has_static)
        write_static(caller->process.world, caller->static_instances);
    const struct discovery_config discovery = {
        .registries = caller->registries, .registry_count = (size_t)settings->registries, .ttl_ms = settings->ttl_ms,
        .mode = settings->poll ? DISCOVERY_POLL : DISCOVERY_WATCH,
        .retry_cap_ms = settings->reconcile_ms, .static_instances = caller->static_instances, .snapshot_dir = "",
    };
    caller->discovery = discovery_new(&discovery);
    const struct service_client_config client = {
        .discovery = caller->discovery, .transport = {send_call, caller}, .policy = settings->policy,
        .slow_start_ms = settings->slow_start_ms,
        .call_timeout_ms = settings->call_timeout_ms, .call_attempts = ATTEMPTS_MAX,
        .backup_after_ms = settings->backup_after_ms,
        .id = caller->process.name, .zone = caller->zone, .route = settings->route,
    };
    discovery_watch(caller->discovery, SERVICE);
    caller->client = service_client_new(&client);
    caller->process.killed = false;
    caller->process.healthy_since_ms = clock_ms();
    process_forget(&caller->process);
    for (int i = 0; caller->observed && i < settings->instances; i++)
        caller->observed[i] = (struct observed_instance){0};
    memset(caller->calls_in, 0, sizeof caller->calls_in);
    memset(caller->retries_in, 0, sizeof caller->retries_in);
    caller->version = caller->called_version = caller->ramps_version = caller->turns.version = 0;
    caller->has_called = false;
    caller->rates.since_ms = 0;
    caller->source = "";
}

void caller_stop(struct sim_caller *caller)
{
    caller->process.killed = true;
    group_cancel(&caller->calls);
    group_join(&caller->calls);
    discovery_stop(caller->discovery);
    service_client_free(caller->client);
    discovery_free(caller->discovery);
    caller->client = NULL;
    caller->discovery = NULL;
}
