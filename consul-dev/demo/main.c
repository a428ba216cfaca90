/* make demo: shows the lesson step by step on real servers. Each step prints what is
 * expected and what was seen. Exits with 0 only if all steps passed.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "acts.h"
#include "narrator.h"

static char ui[256] = "Consul is not running"; /* its web UI, shown at each pause */

static bool open_stage(struct stage *stage)
{
    struct err err = ERR_INIT;
    step_begin("PostgreSQL, Redis and Consul start, only for this demo", "each server answers");
    bool open = stage_open(stage, &err) == 0;
    if (open) {
        step_check(true, "PostgreSQL on port %d, Redis on %d, Consul on %d", stage->world.postgres.port.number,
                   stage->world.redis.port.number, stage->world.consul.port.number);
        snprintf(ui, sizeof ui, "%s/ui", stage->world.consul.url);
        step_seen("Consul's web UI: %s", ui);
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
                                &stage->orders.proc,         &stage->world.consul.proc, &stage->world.redis.proc,
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
    printf("Service registration and discovery: the lesson, step by step, on real servers\n");
    narrator_open(ui);
    if (open_stage(&stage) && act_registration(&stage) && act_discovery(&stage)) {
        act_weights(&stage);
        act_hung_instance(&stage);
        act_shared_redis(&stage);
        act_killed_instance(&stage);
        act_rolling_restart(&stage);
        act_consul_stopped(&stage);
        act_consul_restarted(&stage);
    }
    close_stage(&stage);
    return narrator_close();
}
