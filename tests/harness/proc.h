/* proc: a program that a test started, and everything a test does to it.
 *
 * Each is a process group of its own, with its output in a file, and dies with
 * the thread that started it: a test that crashes leaves nothing running. So
 * start it from a thread that lives as long as it should. (PR_SET_PDEATHSIG)
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
    pid_t pid;  /* 0: not started, or has ended and was waited for */
    int status; /* of waitpid, once it has ended */
    char log[PLACE_PATH_MAX];
    long log_begin; /* where this run's output begins: the file is appended to */
};

/* argv ends with NULL; argv[0] is a path or is looked up on the PATH. env: more
 * variables "NAME=value" ("NAME" alone: unset), ends with NULL, or is NULL. log:
 * path of a file to which both outputs are appended. */
int proc_start(struct proc *proc, const char *const argv[], const char *const env[], const char *log, struct err *err);

/* Is it still there? (Collects it if it has ended.) */
bool proc_is_running(struct proc *proc);
/* True once it has ended. */
bool proc_wait(struct proc *proc, int64_t limit_ms);
/* To it alone. */
void proc_signal(const struct proc *proc, int signum);
/* To it and all that it started. */
void proc_signal_all(const struct proc *proc, int signum);
/* SIGSTOP to all, for a server of several processes hangs only when all hang.
 * They do when it returns: only then does the kernel continue the stopped ones,
 * so that they can end, when we die. */
void proc_pause(struct proc *proc);
void proc_resume(const struct proc *proc);
/* SIGKILL to all; it and its children have ended when it returns, so that nothing of theirs is held any more. */
void proc_kill_all(struct proc *proc, int64_t limit_ms);
/* signum, then up to limit_ms, then SIGKILL to all. Returns waitpid's status:
 * exit code e is W_EXITCODE(e, 0). Nothing happens where it is not running. */
int proc_stop(struct proc *proc, int signum, int64_t limit_ms);

/* Runs to the end. 0 if it exited with 0; else the error has its last line. */
int proc_run(const char *const argv[], const char *const env[], const char *log, int64_t limit_ms, struct err *err);

/* What this run has written so far. The caller frees; never NULL. */
char *proc_output(const struct proc *proc);
/* Waits for a line that contains `text`; copies what follows `text` up to the
 * next space (where out is not NULL). False at the limit, or when it has ended. */
bool proc_wait_output(struct proc *proc, const char *text, char *out, size_t size, int64_t limit_ms);

/* Waits until condition(arg) is true, asking each 5 ms. False at the limit. */
bool wait_until(bool (*condition)(void *arg), void *arg, int64_t limit_ms);

#endif
