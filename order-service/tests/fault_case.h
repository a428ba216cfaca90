/* fault_case: shared by the two tables of faults. It starts stand-ins that fail on demand
 * (consul-dev/faults) and order-services that use them, and measures their cost.
 *
 * All rows of a table run at the same time, each with its own processes, because a row
 * mostly waits. No real server is started.
 */
#ifndef ORDER_SERVICE_TESTS_FAULT_CASE_H
#define ORDER_SERVICE_TESTS_FAULT_CASE_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/load.h"
#include "harness/view.h"

/* 1: the sanitizer uses more memory and CPU time than our code, so neither is checked. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

enum {
    UPSTREAMS = 3,
    UP_MS = 60000,         /* until all processes have started and know each other */
    MEMORY_MAX_KB = 64 * 1024,
    SETTINGS_MAX = 12,
};

/* Only its folder is used, for logs: these tests need no PostgreSQL and no Redis. */
static struct world world;
static struct err err;

static inline void take_folder(void)
{
    cr_assert_eq(folder_take(&world.folder, &err), 0, "%s", err.text);
}

static inline void sleep_ms(int64_t ms)
{
    usleep((useconds_t)ms * 1000);
}

/* --- Stand-ins ------------------------------------------------------------------------------------ */

struct stand_in {
    struct proc proc;
    struct port taken;
    int port, control;
};

/* kind: of the registry for which it stands in, with this list of instances; NULL: starts a stand-in upstream. */
static inline void stand_in_start(struct stand_in *stand_in, const char *kind, const char *instances)
{
    static int started;
    char build[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 32], log[PLACE_PATH_MAX + 32], port[16], at[64];
    cr_assert_eq(port_take(&stand_in->taken, &err), 0, "%s", err.text);
    stand_in->port = stand_in->taken.number;
    snprintf(port, sizeof port, "%d", stand_in->port);
    build_path(build);
    snprintf(path, sizeof path, "%s/%s-faults", build, kind ? "registry" : "upstream");
    snprintf(log, sizeof log, "%s/stand-in-%d", world.folder.path, started++);
    const char *const argv[] = {path, "--port", port, "--control", "0", kind ? "--kind" : NULL, kind, "--instances",
                                instances, NULL};
    cr_assert_eq(proc_start(&stand_in->proc, argv, NULL, log, &err), 0, "%s", err.text);
    cr_assert(proc_wait_output(&stand_in->proc, "-X PUT http://127.0.0.1:", at, sizeof at, UP_MS), "%s", path);
    stand_in->control = atoi(at);
}

static inline void stand_in_stop(struct stand_in *stand_in)
{
    int status = proc_stop(&stand_in->proc, SIGTERM, 30000);
    char *said = proc_output(&stand_in->proc);
    cr_expect_eq(status, 0, "a stand-in exits with 0: %x %s", status, said);
    free(said);
    port_release(&stand_in->taken);
}

static inline void stand_in_switch(const struct stand_in *stand_in, const char *fault)
{
    char url[128];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "http://127.0.0.1:%d/fault/%s", stand_in->control, fault);
    cr_assert_eq(probe_send(NULL, &(struct probe_request){.method = "PUT", .url = url}, &reply, &err), 0, "%s", err.text);
    cr_expect_eq(reply.status, 200, "%s: %s", fault, buf_text(&reply.body));
    probe_reply_close(&reply);
}

/* The counts of requests since the last switch; the caller frees the JSON. */
static inline json_t *stand_in_requests(const struct stand_in *stand_in)
{
    char url[128];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "http://127.0.0.1:%d/requests", stand_in->control);
    cr_expect_eq(probe_get(NULL, url, &reply), 200);
    json_t *counts = json_loadb(buf_text(&reply.body), reply.body.len, 0, NULL);
    cr_assert(counts, "%s", buf_text(&reply.body));
    probe_reply_close(&reply);
    return counts;
}

static inline int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* --- Callers ------------------------------------------------------------------------------------------ */

static struct stand_in upstreams[UPSTREAMS];

static inline void start_upstreams(void)
{
    for (int i = 0; i < UPSTREAMS; i++)
        stand_in_start(&upstreams[i], NULL, NULL);
}

static inline void stop_upstreams(void)
{
    for (int i = 0; i < UPSTREAMS; i++)
        stand_in_stop(&upstreams[i]);
}

static inline void start_caller(struct service *orders, const char *const settings[])
{
    const char *env[SETTINGS_MAX + 1] = {"DATABASE_URL=postgresql://127.0.0.1:1/none", "CONSUL_HTTP_ADDR=127.0.0.1:1",
                                         "RECONCILE_INTERVAL=5s", "CALL_TIMEOUT=9s"};
    for (int i = 0; settings[i]; i++)
        env[i + 4] = settings[i];
    cr_assert_eq(service_start(orders, &world, "order-service", env, &err), 0, "%s", err.text);
}

static inline struct load *load_caller(const struct service *orders, int per_second)
{
    char url[SERVICE_URL_MAX];
    struct load *load = load_start(service_url(orders, "/users/", url), 1, per_second);
    cr_assert(load);
    return load;
}

/* --- Memory and CPU time -------------------------------------------------------------------------------- */

static inline long peak_memory_kb(const struct proc *proc)
{
    char path[64], line[128];
    long kb = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)proc->pid);
    FILE *file = fopen(path, "re");
    while (file && kb < 0 && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %ld", &kb) != 1)
            kb = -1;
    if (file)
        fclose(file);
    return kb;
}

/* User and system time since the process started. */
static inline int64_t cpu_ms(const struct proc *proc)
{
    char path[64];
    long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)proc->pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system) != 2)
        user = system = 0;
    if (file)
        fclose(file);
    return (user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

/* --- The known list: GET /discovery ------------------------------------------------------------------------- */

struct list_state {
    char source[16], error[300]; /* error: "" for none */
    int listed, ejected;
    int real, passing; /* of the three real instances: how many are listed, and how many of these are passing */
};

static inline void count_instance(struct list_state *state, const json_t *instance)
{
    const char *id = json_string_value(json_object_get(instance, "id"));
    const char *status = json_string_value(json_object_get(instance, "status"));
    static const char prefix[] = "user-service-";
    state->listed++;
    state->ejected += json_is_true(json_object_get(instance, "ejected"));
    if (!id || strncmp(id, prefix, strlen(prefix)) != 0 || strlen(id) != strlen(prefix) + 1)
        return;
    state->real++;
    state->passing += status && strcmp(status, "passing") == 0;
}

/* False: no reply. */
static inline bool read_state(const struct service *orders, struct list_state *state)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    *state = (struct list_state){.source = ""};
    probe_get(NULL, service_url(orders, "/discovery", url), &reply);
    json_t *json = json_loadb(buf_text(&reply.body), reply.body.len, 0, NULL);
    const json_t *known = json_object_get(json_object_get(json, "services"), "user-service");
    const char *source = json_string_value(json_object_get(known, "source"));
    const char *error = json_string_value(json_object_get(known, "last_error"));
    snprintf(state->source, sizeof state->source, "%s", source ? source : "");
    snprintf(state->error, sizeof state->error, "%s", error ? error : "");
    size_t i;
    json_t *instance;
    json_array_foreach(json_object_get(known, "instances"), i, instance)
        count_instance(state, instance);
    json_decref(json);
    probe_reply_close(&reply);
    return known != NULL || source != NULL;
}

#endif
