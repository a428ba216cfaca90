#include "harness/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { POLL_MIN_MS = 5, POLL_MAX_MS = 25, POLL_PART = 8 };

bool wait_until(bool (*condition)(void *arg), void *arg, int64_t limit_ms)
{
    int64_t began_ms = clock_ms(), deadline = deadline_in(limit_ms);
    while (!condition(arg)) {
        if (deadline_left(deadline) == 0)
            return false;
        int64_t pause_ms = (clock_ms() - began_ms) / POLL_PART;
        pause_ms = pause_ms < POLL_MIN_MS ? POLL_MIN_MS : pause_ms > POLL_MAX_MS ? POLL_MAX_MS : pause_ms;
        nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000}, NULL);
    }
    return true;
}

enum { CHILDREN_MAX = 256 };

/* --- Start --------------------------------------------------------------------------- */

static void set_environment(const char *const env[])
{
    for (; env && *env; env++) {
        if (strchr(*env, '='))
            putenv((char *)(uintptr_t)*env);
        else
            unsetenv(*env);
    }
}

/* The child must not inherit the signals that the parent ignores, handles or blocks. */
static void reset_signals(void)
{
    sigset_t none;
    for (int signum = 1; signum < NSIG; signum++)
        signal(signum, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A signal that reaches the child before reset_signals() waits for it. Otherwise the parent's handler would run in the
 * child: libuv's would report the signal to the parent, and the child would not end. */
static pid_t fork_without_signals(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid != 0)
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

static _Noreturn void run_program(const char *const argv[], const char *const env[], int log, pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127); /* the parent ended before prctl() */
    reset_signals();
    int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    close_range(3, ~0U, CLOSE_RANGE_UNSHARE);
    set_environment(env);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

int proc_start(struct proc *proc, const char *const argv[], const char *const env[], const char *log, struct err *err)
{
    *proc = (struct proc){0};
    snprintf(proc->log, sizeof proc->log, "%s", log);
    int fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_set(err, ERR_FAILED, "cannot write %s: %s", log, strerror(errno));
    proc->log_begin = (long)lseek(fd, 0, SEEK_END);

    pid_t parent = getpid();
    pid_t pid = fork_without_signals();
    if (pid == 0)
        run_program(argv, env, fd, parent);
    close(fd);
    if (pid < 0)
        return err_set(err, ERR_FAILED, "cannot start %s: %s", argv[0], strerror(errno));
    proc->pid = pid;
    return 0;
}

/* --- End ----------------------------------------------------------------------------- */

static bool has_ended(void *arg)
{
    struct proc *proc = arg;
    if (proc->pid && waitpid(proc->pid, &proc->status, WNOHANG) != 0)
        proc->pid = 0;
    return proc->pid == 0;
}

bool proc_is_running(struct proc *proc)
{
    return !has_ended(proc);
}

bool proc_wait(struct proc *proc, int64_t limit_ms)
{
    return wait_until(has_ended, proc, limit_ms);
}

void proc_signal(const struct proc *proc, int signum)
{
    if (proc->pid)
        kill(proc->pid, signum);
}

/* The processes that pid has started, at most `max`. */
static int list_children(pid_t pid, int *children, int max)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *file = fopen(path, "re");
    int count = 0;
    while (file && count < max && fscanf(file, "%d", &children[count]) == 1)
        count++;
    if (file)
        fclose(file);
    return count;
}

/* Lists the children first, because a dead parent has none. Signals the parent before
 * them, because a stopped or dead parent starts no new ones. */
static void signal_tree(pid_t pid, int signum)
{
    int children[CHILDREN_MAX];
    int count = list_children(pid, children, CHILDREN_MAX);
    kill(pid, signum);
    for (int i = 0; i < count; i++)
        signal_tree(children[i], signum);
}

void proc_signal_all(const struct proc *proc, int signum)
{
    if (proc->pid)
        signal_tree(proc->pid, signum);
}

/* As in ps: T for stopped, Z for a zombie; X: no such process. */
static char state_of(pid_t pid)
{
    char path[64], state = 'X';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'X';
    if (file)
        fclose(file);
    return state;
}

static bool tree_is_stopped(pid_t pid)
{
    char state = state_of(pid);
    int children[CHILDREN_MAX];
    int count = list_children(pid, children, CHILDREN_MAX);
    for (int i = 0; i < count; i++)
        if (!tree_is_stopped(children[i]))
            return false;
    return strchr("TZX", state) != NULL; /* an ended process counts as stopped */
}

static bool is_stopped(void *arg)
{
    return tree_is_stopped(((struct proc *)arg)->pid);
}

void proc_pause(struct proc *proc)
{
    proc_signal_all(proc, SIGSTOP);
    if (proc->pid)
        wait_until(is_stopped, proc, 10000);
}

void proc_resume(const struct proc *proc)
{
    proc_signal_all(proc, SIGCONT);
}

struct children {
    int pid[CHILDREN_MAX], count;
};

static bool are_gone(void *arg)
{
    const struct children *children = arg;
    for (int i = 0; i < children->count; i++)
        if (!strchr("ZX", state_of(children->pid[i])))
            return false;
    return true;
}

void proc_kill_all(struct proc *proc, int64_t limit_ms)
{
    if (!proc->pid)
        return;
    struct children children;
    children.count = list_children(proc->pid, children.pid, CHILDREN_MAX);
    signal_tree(proc->pid, SIGKILL);
    proc_wait(proc, limit_ms);
    wait_until(are_gone, &children, limit_ms);
}

int proc_stop(struct proc *proc, int signum, int64_t limit_ms)
{
    if (!proc_is_running(proc))
        return proc->status;
    proc_signal(proc, signum);
    /* Only if it is stopped: at its exit the leak checker stops a process for a moment.
     * SIGCONT would cancel a SIGSTOP that has not arrived yet, and the checker would
     * wait for it forever. */
    if (state_of(proc->pid) == 'T')
        proc_resume(proc);
    if (!proc_wait(proc, limit_ms)) {
        proc_signal_all(proc, SIGKILL);
        proc_wait(proc, 10000);
    }
    return proc->status;
}

/* --- Output ---------------------------------------------------------------------------- */

char *proc_output(const struct proc *proc)
{
    FILE *file = fopen(proc->log, "re");
    struct stat stat;
    size_t size = 0;
    if (file && fstat(fileno(file), &stat) == 0 && stat.st_size > proc->log_begin)
        size = (size_t)(stat.st_size - proc->log_begin);
    char *text = calloc(1, size + 1);
    if (!text)
        abort();
    if (size && fseek(file, proc->log_begin, SEEK_SET) == 0)
        text[fread(text, 1, size, file)] = '\0';
    if (file)
        fclose(file);
    return text;
}

struct sought {
    struct proc *proc;
    const char *text;
    char *out;
    size_t size;
    bool found;
};

static bool found_or_ended(void *arg)
{
    struct sought *sought = arg;
    bool ended = has_ended(sought->proc); /* before the output is read, so that its last lines are included */
    char *output = proc_output(sought->proc);
    const char *at = strstr(output, sought->text);
    const char *rest = at ? at + strlen(sought->text) : NULL;
    sought->found = rest && strchr(rest, '\n'); /* only a complete line counts */
    if (sought->found && sought->out)
        snprintf(sought->out, sought->size, "%.*s", (int)strcspn(rest, " \n"), rest);
    free(output);
    return sought->found || ended;
}

bool proc_wait_output(struct proc *proc, const char *text, char *out, size_t size, int64_t limit_ms)
{
    struct sought sought = {proc, text, out, size, false};
    wait_until(found_or_ended, &sought, limit_ms);
    return sought.found;
}

static const char *last_line(char *text)
{
    size_t len = strlen(text);
    while (len && text[len - 1] == '\n')
        text[--len] = '\0';
    const char *line = strrchr(text, '\n');
    return line ? line + 1 : text;
}

int proc_run(const char *const argv[], const char *const env[], const char *log, int64_t limit_ms, struct err *err)
{
    struct proc proc;
    if (proc_start(&proc, argv, env, log, err) != 0)
        return -1;
    bool ended = proc_wait(&proc, limit_ms);
    proc_stop(&proc, SIGKILL, 0);
    if (ended && WIFEXITED(proc.status) && WEXITSTATUS(proc.status) == 0)
        return 0;
    char *output = proc_output(&proc);
    err_set(err, ended ? ERR_FAILED : ERR_TIMEOUT,
            "cannot run %s: %s", argv[0], ended ? last_line(output) : "it did not end in time");
    free(output);
    return -1;
}
