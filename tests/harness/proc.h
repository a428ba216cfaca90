/* proc: starts a program for a test, signals it, waits for it and reads its output.
 *
 * Each program is a process group of its own and writes its output to a file. It is
 * killed when the thread that started it ends (PR_SET_PDEATHSIG), so that a crashed test
 * leaves nothing running. Start it from a thread that lives long enough.
 */
#ifndef HARNESS_PROC_H
#define HARNESS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "harness/place.h"

struct proc {
    pid_t pid;  /* 0: not started, or ended */
    int status; /* from waitpid(), after it has ended */
    char log[PLACE_PATH_MAX];
    long log_begin; /* where this run's output begins in the file, which may have older output */
};

/* argv ends with NULL; argv[0] is a path or a name on the PATH. env: additional
 * variables "NAME=value" ("NAME" alone: unset it); ends with NULL; may be NULL. log: the
 * file to which stdout and stderr are appended. */
int proc_start(struct proc *proc, const char *const argv[], const char *const env[], const char *log, struct err *err);

/* (Calls waitpid() if it has ended.) */
bool proc_is_running(struct proc *proc);
/* True once it has ended. */
bool proc_wait(struct proc *proc, int64_t limit_ms);
/* Signals only this process. */
void proc_signal(const struct proc *proc, int signum);
/* Signals it and all its descendants. */
void proc_signal_all(const struct proc *proc, int signum);
/* Sends SIGSTOP to it and all its descendants: a server of several processes hangs only
 * if all are stopped. Returns when all are stopped: if the test crashes later, the kernel
 * then ends them, too. */
void proc_pause(struct proc *proc);
void proc_resume(const struct proc *proc);
/* SIGKILL to all. It and its children have ended on return, so that their ports and files are free. */
void proc_kill_all(struct proc *proc, int64_t limit_ms);
/* Sends signum, waits up to limit_ms, then sends SIGKILL to all. Returns the status from
 * waitpid(). If it is not running, nothing is sent. */
int proc_stop(struct proc *proc, int signum, int64_t limit_ms);

/* Runs a program to its end. 0: it exited with 0; else the error has its last line of output. */
int proc_run(const char *const argv[], const char *const env[], const char *log, int64_t limit_ms, struct err *err);

/* The output of this run so far. The caller frees it; never NULL. */
char *proc_output(const struct proc *proc);
/* Waits for a line that contains `text`. If out is not NULL, copies the word after
 * `text` into it. False at the limit, or if it has ended without such a line. */
bool proc_wait_output(struct proc *proc, const char *text, char *out, size_t size, int64_t limit_ms);

/* Waits until condition(arg) is true. False at the limit. Checks it after pauses of 1/8 of the time so far, from 5 to 25
 * ms, because a check is often a request. */
bool wait_until(bool (*condition)(void *arg), void *arg, int64_t limit_ms);

#endif
