/* Starts all processes in order: the servers at once, then the services. A service would also start without its
 * servers, but the first thing that a person sees should not be a fault. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "checker/text.h"
#include "loop/fiber.h"
#include "loop/offload.h"
#include "processes.h"

enum {
    POLL_MS = 50,
    START_LIMIT_MS = 60000, /* initdb on a busy machine takes seconds */
};

struct schema_job {
    const struct world *world;
    int status;
    struct err err;
};

static void load_schema(void *arg)
{
    struct schema_job *job = arg;
    job->status = world_load_schema(job->world, &job->err);
}

static int start_kind(struct processes *processes, bool services, struct err *err)
{
    for (size_t i = 0; i < processes->model->node_count; i++) {
        struct node *node = processes->model->nodes[i];
        if (node_is_service(node) != services || node_is_alive(node)) /* alive: a person was faster */
            continue;
        if (process_start(processes, node, err) != 0)
            return -1;
    }
    return 0;
}

/* On a full disk a process cannot even write what went wrong. */
static void describe_silence(const char *folder, char *out, size_t size)
{
    struct statvfs disk = {0};
    statvfs(folder, &disk);
    unsigned long long free_mb = (unsigned long long)disk.f_bavail * disk.f_frsize / (1024 * 1024);
    snprintf(out, size,
             text_of(TEXT("it printed nothing; its disk has %llu MB free", "它没有任何输出；所在磁盘剩余 %llu MB")),
             free_mb);
}

static int report_death(const struct processes *processes, const struct node *node, struct err *err)
{
    char *output = proc_output(node->process->proc), silence[120] = "";
    size_t len = strlen(output);
    if (len == 0)
        describe_silence(processes->world.folder.path, silence, sizeof silence);
    err_set(err, ERR_FAILED, text_of(TEXT("cannot start %s: %s%s", "无法启动 %s：%s%s")), node->id,
            output + (len > 180 ? len - 180 : 0), silence);
    free(output);
    return -1;
}

static int await_server(const struct processes *processes, enum node_kind kind, struct err *err)
{
    int64_t deadline = deadline_in(START_LIMIT_MS);
    for (;;) {
        const struct node *node = model_first(processes->model, kind);
        if (!node || node->health == HEALTH_GOOD)
            return 0;
        if (node->process->asked_to_end) /* by a person, who will start it again */
            deadline = deadline_in(START_LIMIT_MS);
        else if (!node_is_alive(node) || deadline_left(deadline) == 0)
            return report_death(processes, node, err);
        if (fiber_sleep(POLL_MS) != 0)
            return err_set(err, ERR_CANCELLED, "cancelled");
    }
}

int processes_bring_up(struct processes *processes, struct err *err)
{
    static const struct offload_job job = {.work = load_schema};
    struct schema_job schema = {.world = &processes->world, .err = ERR_INIT};
    if (start_kind(processes, false, err) != 0 || await_server(processes, NODE_POSTGRES, err) != 0)
        return -1;
    if (offload_run(&job, &schema, sizeof schema, deadline_in(START_LIMIT_MS), err) != 0)
        return -1;
    if (schema.status != 0)
        return err_set(err, ERR_FAILED, "%s", schema.err.text);
    return await_server(processes, NODE_REDIS, err) != 0 || await_server(processes, NODE_CONSUL, err) != 0 ||
                   await_server(processes, NODE_ETCD, err) != 0
               ? -1
               : start_kind(processes, true, err);
}
