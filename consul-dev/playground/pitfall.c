#include "pitfall.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/proc.h"
#include "loop/fiber.h"

enum {
    POLL_MS = 100,
    END_LIMIT_MS = 5000,
    OUTPUT_MAX = 16 * 1024, /* for the page; a pitfall prints 2 to 4 KB */
    SKIPPED = 77,           /* its exit code, see pitfalls/pitfalls.h */
    PATH_LENGTH = PLACE_PATH_MAX + 64,
};

static void path_of(const char *program, char out[PATH_LENGTH])
{
    char build[PLACE_PATH_MAX];
    build_path(build);
    snprintf(out, PATH_LENGTH, "%s/%s", build, program);
}

int pitfall_check_built(struct err *err)
{
    static const char *const programs[] = {"pitfall", "lesson/service_client", "lesson/shallow_service",
                                           "lesson/discover"};
    char path[PATH_LENGTH];
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        path_of(programs[i], path);
        if (access(path, X_OK) != 0)
            return err_set(err, ERR_CONFLICT, "cannot run a pitfall: %s is not built. Run: make pitfall-parts",
                           programs[i]);
    }
    return 0;
}

/* --- Its output ------------------------------------------------------------------------ */

/* Complete lines only, so that no character is cut. */
static void take_output(struct scenario *scenario, const struct proc *proc)
{
    struct buf *taken = &scenario->model->scenario.output;
    char *output = proc_output(proc);
    size_t len = strlen(output);
    const char *end = memrchr(output, '\n', len < OUTPUT_MAX ? len : OUTPUT_MAX);
    size_t complete = end ? (size_t)(end + 1 - output) : 0;
    if (complete > taken->len)
        buf_add(taken, output + taken->len, complete - taken->len);
    free(output);
}

/* --- Its process ------------------------------------------------------------------------- */

static int start(const struct scenario *scenario, struct proc *proc, struct err *err)
{
    char program[PATH_LENGTH], log[PATH_LENGTH];
    const char number[] = {(char)('0' + scenario->story->pitfall), '\0'};
    const char *const argv[] = {program, number, NULL};
    /* What was set for the services of the playground is not for those of the pitfall. */
    const char *const env[] = {strcmp(scenario->language, "zh") == 0 ? "LC_ALL=zh_CN.UTF-8" : "LC_ALL=C",
                               "PITFALL_TABS=1", "LB_POLICY", "DISCOVERY_CACHE_TTL", NULL};
    path_of("pitfall", program);
    snprintf(log, sizeof log, "%s/pitfall.log", scenario->control->processes->world.folder.path);
    return proc_start(proc, argv, env, log, err);
}

/* Signals only the process itself: its guard must stay, because it removes the folder. */
static void end(struct proc *proc)
{
    proc_signal(proc, SIGTERM);
    while (proc_is_running(proc) && fiber_sleep(POLL_MS) == 0) {
    }
    if (!proc_wait(proc, END_LIMIT_MS)) /* waits only while the playground ends */
        proc_stop(proc, SIGKILL, END_LIMIT_MS);
}

static void judge(struct scenario *scenario, int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    scenario->skipped = code == SKIPPED;
    scenario_check(scenario, code == 0 || code == SKIPPED);
    if (WIFSIGNALED(status))
        buf_addf(&scenario->model->scenario.output, "build/pitfall: %s\n", strsignal(WTERMSIG(status)));
}

void pitfall_run(struct scenario *scenario)
{
    struct proc proc;
    struct err err = ERR_INIT;
    if (!scenario_step(scenario))
        return;
    if (start(scenario, &proc, &err) != 0) {
        buf_addf(&scenario->model->scenario.output, "%s\n", err.text);
        scenario_check(scenario, false);
        return;
    }
    while (proc_is_running(&proc) && scenario_sleep(scenario, POLL_MS))
        take_output(scenario, &proc);
    bool ended = !proc_is_running(&proc);
    if (!ended)
        end(&proc);
    take_output(scenario, &proc);
    if (ended)
        judge(scenario, proc.status);
}
