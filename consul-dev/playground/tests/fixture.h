/* fixture: runs build/playground on free ports. */
#ifndef PLAYGROUND_TESTS_FIXTURE_H
#define PLAYGROUND_TESTS_FIXTURE_H

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "harness/view.h"
#include "page_state.h"

enum { ENV_MAX = 16 };

static struct folder folder; /* for its output */
static struct proc playground;
static int page_port;
static struct err err;

static inline void launch(const char *const extra[], const char *argument)
{
    char build[PLACE_PATH_MAX], program[PLACE_PATH_MAX + 16], log[PLACE_PATH_MAX + 16];
    const char *env[ENV_MAX] = {"CONSUL_PORT=0",     "USER_PORT=0",           "ORDER_PORT=0", "PLAYGROUND_PORT=0",
                                "REGISTER_JITTER=0", "RECONCILE_INTERVAL=1s", "LC_ALL=C"};
    build_path(build);
    snprintf(program, sizeof program, "%s/playground", build);
    if (!folder.path[0])
        cr_assert_eq(folder_take(&folder, &err), 0, "%s", err.text);
    snprintf(log, sizeof log, "%s/playground", folder.path);
    for (int i = 7; extra && *extra; extra++)
        env[i++] = *extra;
    const char *const argv[] = {program, argument, NULL};
    cr_assert_eq(proc_start(&playground, argv, env, log, &err), 0, "%s", err.text);
}

static inline void find_page(void)
{
    cr_assert(proc_wait_output(&playground, "http://", page_host, sizeof page_host, PATIENCE_MS));
    page_port = atoi(strchr(page_host, ':') + 1);
}

/* Ctrl-C. Returns its exit code; -1: it had to be killed. */
static inline int end_playground(void)
{
    int status = proc_stop(&playground, SIGINT, PATIENCE_MS);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void teardown(void)
{
    if (proc_is_running(&playground))
        cr_expect_eq(end_playground(), 0);
    folder_remove(&folder);
}

static inline void start_playground(const char *const extra[])
{
    launch(extra, NULL);
    find_page();
    REPORT("all nodes are passing %lld ms after the start", (long long)await_state(NULL, "passing"));
}

static inline void setup(void)
{
    start_playground(NULL);
}

#endif
