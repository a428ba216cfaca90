/* stand_in: starts a stand-in (consul-dev/faults) for a registry or an upstream, switches its fault, and reads how
 * many requests it got.
 */
#ifndef ORDER_SERVICE_TESTS_STAND_IN_H
#define ORDER_SERVICE_TESTS_STAND_IN_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/http_probe.h"
#include "harness/world.h"

enum { UP_MS = 60000 }; /* until all processes have started and know each other */

/* Only its folder is used, for logs: these tests need no PostgreSQL and no Redis. */
static struct world world;
static struct err err;

static inline void take_folder(void)
{
    cr_assert_eq(folder_take(&world.folder, &err), 0, "%s", err.text);
}

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
    cr_assert_eq(probe_send(NULL, &(struct probe_request){.method = "PUT", .url = url}, &reply, &err), 0, "%s",
                 err.text);
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

#endif
