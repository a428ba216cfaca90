#include "attempt.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    GRACE_S = 10, /* for a process that does not even end itself */
    SWEEP_MS = 5000,
};
/* For code that prints or takes memory for ever. PostgreSQL's log of changes, in files of 16 MB, is below. */
static const rlim_t FILE_MAX = 32 << 20, MEMORY_MAX = 512 << 20;

/* What the process that runs a check has to tell. In memory that both share: whatever the learner's code
 * closes, prints or crashes, this arrives. */
struct told {
    enum outcome outcome;
    char asked[sizeof((struct attempt *)0)->asked];
    char message[sizeof((struct attempt *)0)->message];
};
static struct told *told;

/* --- In the process that runs the check ------------------------------------------------ */

void asking(struct text text, ...)
{
    va_list args;
    va_start(args, text);
    vsnprintf(told->asked, sizeof told->asked, text_of(text), args);
    va_end(args);
}

const char *asked_now(void)
{
    return told->asked;
}

static _Noreturn void end(enum outcome outcome)
{
    told->outcome = outcome;
    fflush(NULL);
    _exit(0);
}

void fail(struct text text, ...)
{
    va_list args;
    va_start(args, text);
    vsnprintf(told->message, sizeof told->message, text_of(text), args);
    va_end(args);
    end(FAILED);
}

void fail_here(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(told->message, sizeof told->message, fmt, args);
    va_end(args);
    end(UNABLE);
}

/* Where it was when the time was over is what the learner wants to know. */
void __sanitizer_print_stack_trace(void) __attribute__((weak));

static void time_is_over(int signum)
{
    (void)signum;
    told->outcome = TOO_LONG;
    if (__sanitizer_print_stack_trace)
        __sanitizer_print_stack_trace();
    _exit(0);
}

/* On top of what the sanitizer has set aside. */
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

/* A group of its own: what is sent to "all of us" does not reach the terminal's. */
static _Noreturn void run_in_child(const struct check *check, FILE *out, FILE *errors)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){FILE_MAX, FILE_MAX});
    limit_memory();
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(errors), STDERR_FILENO);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGALRM, time_is_over);
    alarm((unsigned)(check->limit_s ? check->limit_s : CHECK_LIMIT_S));
    check->run();
    end(PASSED);
}

/* --- In the one that waits --------------------------------------------------------------- */

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

/* What is too long loses its middle: a sanitizer says first what is wrong, and may add pages. */
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

/* Sanitizers write where the code's own messages go, too. */
static bool is_report(const char *errors)
{
    return strstr(errors, "runtime error: ") || strstr(errors, "Sanitizer") || strstr(errors, "    #0 0x");
}

/* A process that blocks its own alarm is ended all the same. */
static int wait_for(pid_t pid, int limit_s)
{
    int status = 0;
    for (int tenths = 0; waitpid(pid, &status, WNOHANG) == 0; tenths++) {
        if (tenths > limit_s * 10) {
            told->outcome = TOO_LONG;
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

/* Whoever the check started and left behind is our child now (PR_SET_CHILD_SUBREAPER), and so are the
 * children of those, one after the other. */
static void sweep(void)
{
    for (int ms = 0; ms < SWEEP_MS; ms++) {
        kill_children();
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (waitpid(-1, NULL, WNOHANG) < 0)
            return; /* nobody is left */
        usleep(1000);
    }
}

static enum outcome judge(int status, bool reported)
{
    if (told->outcome == TOO_LONG)
        return TOO_LONG;
    if (WIFSIGNALED(status) || (reported && told->outcome == PASSED))
        return CRASHED;
    return told->outcome;
}

void attempt_run(const struct check *check, struct attempt *attempt)
{
    *attempt = (struct attempt){.outcome = UNABLE};
    int limit_s = check->limit_s ? check->limit_s : CHECK_LIMIT_S;
    FILE *out = tmpfile(), *errors = tmpfile();
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!out || !errors || told == MAP_FAILED) {
        snprintf(attempt->message, sizeof attempt->message, "%s", strerror(errno));
        return;
    }
    told->outcome = CRASHED; /* until the check says otherwise: one that just ends has passed nothing */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        run_in_child(check, out, errors);
    if (pid < 0)
        told->outcome = UNABLE;
    int status = pid > 0 ? wait_for(pid, limit_s + GRACE_S) : 0;
    sweep();
    read_ends(out, attempt->printed, sizeof attempt->printed);
    read_ends(errors, attempt->report, sizeof attempt->report);
    memcpy(attempt->asked, told->asked, sizeof attempt->asked);
    memcpy(attempt->message, told->message, sizeof attempt->message);
    attempt->outcome = judge(status, is_report(attempt->report));
    attempt->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    munmap(told, sizeof *told);
}
