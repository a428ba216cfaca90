/* make demo: shows the lesson step by step on real servers. Each step prints what is
 * expected and what was seen. Exits with 0 only if all steps passed; with 2 if REGISTRY names no kind.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "acts.h"
#include "kinds.h"
#include "narrator.h"

static char ui[256]; /* where the registry's web UI is: shown at each pause */

static void tell_registry(const struct registry_kind *kind, int port)
{
    snprintf(ui, sizeof ui, kind->ui ? kind->ui : "there is none", port);
    if (kind->ui)
        step_seen("%s's web UI: %s", kind->name, ui);
    if (kind->started)
        step_seen("%s", kind->started);
}

static bool open_stage(struct stage *stage, const struct registry_kind *kind)
{
    struct err err = ERR_INIT;
    step_begin("PostgreSQL, Redis and %s start, only for this demo", "each server answers");
    bool open = stage_open(stage, kind, &err) == 0;
    if (open) {
        step_check(true, "PostgreSQL on port %d, Redis on %d, %s on %d", stage->world.postgres.port.number,
                   stage->world.redis.port.number, kind->name, stage->registry.port.number);
        tell_registry(kind, stage->registry.port.number);
    } else {
        step_check(false, "%s", err.text);
    }
    step_end();
    return open;
}

static bool has_ended(const struct proc *proc)
{
    return proc->pid == 0;
}

static void close_stage(struct stage *stage)
{
    struct proc *const all[] = {&stage->users[0].proc,       &stage->users[1].proc,  &stage->users[2].proc,
                                &stage->orders.proc,         &stage->registry.proc, &stage->world.redis.proc,
                                &stage->world.postgres.proc};
    int left = 0;
    char folder[PLACE_PATH_MAX];
    step_begin("All services and servers stop", "no process stays running, and no file stays on disk");
    snprintf(folder, sizeof folder, "%s", stage->world.folder.path);
    for (int i = 0; i < USERS; i++) /* at once, so that they drain at the same time */
        proc_signal(&stage->users[i].proc, SIGTERM);
    stage_close(stage);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        left += !has_ended(all[i]);
    step_check(left == 0, "%d of 7 processes still running", left);
    step_check(access(folder, F_OK) != 0, "the demo's folder is removed");
    step_end();
}

int main(void)
{
    static struct stage stage;
    const char *wanted = getenv("REGISTRY");
    const struct registry_kind *kind = kind_named(wanted && *wanted ? wanted : "consul");
    if (!kind) {
        fprintf(stderr, "REGISTRY=%s: want consul, nacos or eureka\n", wanted);
        return 2;
    }
    printf("Service registration and discovery: the lesson, step by step, on real servers\n");
    snprintf(ui, sizeof ui, "%s is not running", kind->name);
    narrator_open(kind->name, ui);
    if (open_stage(&stage, kind) && act_registration(&stage) && act_discovery(&stage)) {
        act_weights(&stage);
        act_hung_instance(&stage);
        act_shared_redis(&stage);
        act_killed_instance(&stage);
        act_rolling_restart(&stage);
        act_registry_stopped(&stage);
        act_registry_restarted(&stage);
        act_slow_start(&stage);
    }
    close_stage(&stage);
    return narrator_close();
}
