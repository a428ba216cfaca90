/* control_case: runs the command by which an operator changes an instance that runs. */
#ifndef SERVICE_TESTS_CONTROL_CASE_H
#define SERVICE_TESTS_CONTROL_CASE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "harness/world.h"

enum { CONTROL_LINE_MAX = 400 };

/* Runs `user-service --port=<the service's> <args>`. Returns its exit code; line gets what it printed. */
static inline int control_command(const struct world *in, const struct service *service, const char *const args[3],
                                  char line[CONTROL_LINE_MAX])
{
    char build[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 32], log[PLACE_PATH_MAX + 16], port[32];
    struct proc proc;
    struct err failure = ERR_INIT;
    build_path(build);
    snprintf(path, sizeof path, "%s/user-service", build);
    snprintf(log, sizeof log, "%s/command.log", in->folder.path);
    snprintf(port, sizeof port, "--port=%d", service->port);
    const char *const argv[] = {path, port, args[0], args[1], args[2], NULL};
    cr_assert_eq(proc_start(&proc, argv, NULL, log, &failure), 0, "%s", failure.text);
    bool ended = proc_wait(&proc, 60000);
    proc_stop(&proc, SIGKILL, 0);
    cr_expect(ended, "%s does not end", args[0]);
    char *output = proc_output(&proc);
    snprintf(line, CONTROL_LINE_MAX, "%s", output);
    free(output);
    return WIFEXITED(proc.status) ? WEXITSTATUS(proc.status) : -1;
}

#endif
