#include "supervise.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/guard.h"
#include "harness/place.h"
#include "report.h"

static volatile sig_atomic_t lab, interrupted;

static void interrupt(int signum)
{
    interrupted = signum;
    if (lab)
        kill(lab, SIGKILL);
}

/* A folder whose process has ended is removed when the next one is taken. */
static void remove_folders(void)
{
    struct folder folder = {0};
    struct err err = ERR_INIT;
    if (folder_take(&folder, &err) == 0)
        folder_remove(&folder);
}

/* In a process of its own. */
static int run_guarded(int (*run)(void *arg), void *arg)
{
    struct err err = ERR_INIT;
    if (guard_start(&err) != 0) {
        report_error(err.text);
        return 1;
    }
    int code = run(arg);
    guard_end();
    return code;
}

int supervise(int (*run)(void *arg), void *arg)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans of the lab become our children, so that wait() includes them */
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], interrupt);
    pid_t parent = getpid();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
            signal(signals[i], SIG_IGN); /* the supervisor decides */
        exit(getppid() == parent ? run_guarded(run, arg) : 1);
    }
    lab = child;
    if (interrupted)
        interrupt(interrupted);
    int status = 0, ended;
    for (pid_t pid; (pid = wait(&ended)) != -1;)
        if (pid == child)
            status = ended;
    remove_folders();
    if (interrupted)
        return 128 + interrupted;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
