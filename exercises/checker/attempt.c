#include "attempt.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    GRACE_S = 10, /* for a process that does not end itself */
    SWEEP_MS = 5000,
};
/* Limits for code that prints or allocates without end. PostgreSQL's WAL files, 16 MB each, stay below. */
static const rlim_t FILE_MAX = 32 << 20, MEMORY_MAX = 512 << 20;

static struct check_result *shared;

/* --- In the process that runs the check -------------------------------------------------- */

/* The stack trace shows the learner where the code was when the time limit ended it. */
void __sanitizer_print_stack_trace(void) __attribute__((weak));

static void on_time_limit(int signum)
{
    (void)signum;
    shared->outcome = TOO_LONG;
    if (__sanitizer_print_stack_trace)
        __sanitizer_print_stack_trace();
    _exit(0);
}

/* In addition to the memory that the sanitizer has reserved. */
static void limit_memory(void)
{
    unsigned long pages;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%*s %*s %*s %*s %*s %lu", &pages) == 1) {
        rlim_t most = pages * (rlim_t)sysconf(_SC_PAGESIZE) + MEMORY_MAX;
        setrlimit(RLIMIT_DATA, &(struct rlimit){most, most});
    }
    if (file)
        fclose(file);
}

/* It gets a process group of its own: a signal that the code sends to its group does not reach the terminal's. */
static _Noreturn void run_in_child(const struct check *check, FILE *out, FILE *errors)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!check->external) {
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){FILE_MAX, FILE_MAX});
        limit_memory();
    }
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(errors), STDERR_FILENO);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGALRM, on_time_limit);
    alarm((unsigned)(check->limit_s ? check->limit_s : CHECK_LIMIT_S));
    check->run();
    check_end(PASSED);
}

/* --- In the process that waits ----------------------------------------------------------- */

static void read_all(int fd, char *out, size_t size)
{
    size_t length = 0;
    for (ssize_t n; length < size - 1 && (n = read(fd, out + length, size - 1 - length)) != 0;) {
        if (n < 0 && errno != EINTR)
            break;
        if (n > 0)
            length += (size_t)n;
    }
    out[length] = '\0';
}

/* Leaves out the middle of a long text: a sanitizer names the error first and may add pages. */
static void read_ends(FILE *file, char *out, size_t size)
{
    int fd = fileno(file);
    off_t length = lseek(fd, 0, SEEK_END);
    size_t begin = 0;
    lseek(fd, 0, SEEK_SET);
    if (length >= (off_t)size) {
        read_all(fd, out, size / 2);
        begin = strlen(out);
        begin += (size_t)snprintf(out + begin, size - begin, "\n…\n");
        lseek(fd, length - (off_t)(size - begin) + 1, SEEK_SET);
    }
    read_all(fd, out + begin, size - begin);
    fclose(file);
}

/* The code's own messages are in the same file. */
static bool is_report(const char *errors)
{
    return strstr(errors, "runtime error: ") || strstr(errors, "Sanitizer") || strstr(errors, "    #0 0x");
}

/* Also ends a process that blocks its own alarm. */
static int wait_for(pid_t pid, int limit_s)
{
    int status = 0;
    for (int tenths = 0; waitpid(pid, &status, WNOHANG) == 0; tenths++) {
        if (tenths > limit_s * 10) {
            shared->outcome = TOO_LONG;
            kill(pid, SIGKILL);
        }
        usleep(tenths < 10 ? 5000 : 100000);
    }
    return status;
}

static void kill_children(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "re");
    int pid;
    while (file && fscanf(file, "%d", &pid) == 1)
        kill(pid, SIGKILL);
    if (file)
        fclose(file);
}

/* Processes that the check started and left behind become our children (PR_SET_CHILD_SUBREAPER). When they
 * end, their own children do, too. */
static void kill_leftovers(void)
{
    for (int ms = 0; ms < SWEEP_MS; ms++) {
        kill_children();
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (waitpid(-1, NULL, WNOHANG) < 0)
            return; /* none is left */
        usleep(1000);
    }
}

static enum outcome judge(int status, bool reported)
{
    if (shared->outcome == TOO_LONG)
        return TOO_LONG;
    if (WIFSIGNALED(status) || (reported && shared->outcome == PASSED))
        return CRASHED;
    return shared->outcome;
}

void attempt_run(const struct check *check, struct attempt *attempt)
{
    *attempt = (struct attempt){.result.outcome = UNABLE};
    int limit_s = check->limit_s ? check->limit_s : CHECK_LIMIT_S;
    FILE *out = tmpfile(), *errors = tmpfile();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!out || !errors || shared == MAP_FAILED) {
        snprintf(attempt->result.message, sizeof attempt->result.message, "%s", strerror(errno));
        return;
    }
    check_report_to(shared);
    shared->outcome = CRASHED; /* until the check reports: code that just ends the process has passed nothing */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        run_in_child(check, out, errors);
    if (pid < 0)
        shared->outcome = UNABLE;
    int status = pid > 0 ? wait_for(pid, limit_s + GRACE_S) : 0;
    kill_leftovers();
    read_ends(out, attempt->printed, sizeof attempt->printed);
    read_ends(errors, attempt->report, sizeof attempt->report);
    attempt->result = *shared;
    attempt->result.outcome = judge(status, !check->external && is_report(attempt->report));
    attempt->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    munmap(shared, sizeof *shared);
}
