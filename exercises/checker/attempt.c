#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    EXIT_FAILED = 70, /* exit codes of the process that runs a check */
    EXIT_UNABLE,
    EXIT_TOO_LONG,
    GRACE_S = 2, /* for a process that does not even end itself */
    ASKED_MAX = sizeof((struct attempt *)0)->asked,
};

/* --- In the process that runs the check ------------------------------------------------ */

static int answer_fd; /* what fail() says goes here */
static char *asked;   /* shared with the one that waits, so that it survives a crash */

void asking(struct text text, ...)
{
    va_list args;
    va_start(args, text);
    vsnprintf(asked, ASKED_MAX, text_of(text), args);
    va_end(args);
}

static void say(int status, const char *fmt, va_list args)
{
    char text[1200];
    int length = vsnprintf(text, sizeof text, fmt, args);
    if (length >= (int)sizeof text)
        length = sizeof text - 1;
    if (length > 0 && write(answer_fd, text, (size_t)length) < 0)
        status = EXIT_UNABLE;
    fflush(NULL);
    _exit(status);
}

void fail(struct text text, ...)
{
    va_list args;
    va_start(args, text);
    say(EXIT_FAILED, text_of(text), args);
    va_end(args);
    abort();
}

void fail_here(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(EXIT_UNABLE, fmt, args);
    va_end(args);
    abort();
}

/* Where it was when the time was over is what the learner wants to know. */
void __sanitizer_print_stack_trace(void) __attribute__((weak));

static void time_is_over(int signum)
{
    (void)signum;
    if (__sanitizer_print_stack_trace)
        __sanitizer_print_stack_trace();
    _exit(EXIT_TOO_LONG);
}

static _Noreturn void run_in_child(const struct check *check, int answer, FILE *out, FILE *errors)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    answer_fd = answer;
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(errors), STDERR_FILENO);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGALRM, time_is_over);
    alarm((unsigned)(check->limit_s ? check->limit_s : CHECK_LIMIT_S));
    check->run();
    fflush(NULL);
    _exit(0);
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

static void read_end(FILE *file, char *out, size_t size)
{
    int fd = fileno(file);
    off_t length = lseek(fd, 0, SEEK_END), from = length >= (off_t)size ? length - (off_t)size + 1 : 0;
    lseek(fd, from, SEEK_SET);
    read_all(fd, out, size);
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
        if (tenths > limit_s * 10)
            kill(pid, SIGKILL);
        usleep(tenths < 10 ? 5000 : 100000);
    }
    return status;
}

static enum outcome judge(int status, bool reported)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGKILL ? TOO_LONG : CRASHED;
    switch (WEXITSTATUS(status)) {
    case 0:
        return reported ? CRASHED : PASSED;
    case EXIT_FAILED:
        return FAILED;
    case EXIT_UNABLE:
        return UNABLE;
    case EXIT_TOO_LONG:
        return TOO_LONG;
    }
    return CRASHED;
}

void attempt_run(const struct check *check, struct attempt *attempt)
{
    *attempt = (struct attempt){.outcome = UNABLE};
    int answer[2], limit_s = check->limit_s ? check->limit_s : CHECK_LIMIT_S;
    FILE *out = tmpfile(), *errors = tmpfile();
    asked = mmap(NULL, ASKED_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!out || !errors || asked == MAP_FAILED || pipe(answer) != 0) {
        snprintf(attempt->message, sizeof attempt->message, "%s", strerror(errno));
        return;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        run_in_child(check, answer[1], out, errors);
    close(answer[1]);
    /* First the end, then the words: whoever the check started may still hold the pipe. */
    int status = pid > 0 ? wait_for(pid, limit_s + GRACE_S) : EXIT_UNABLE << 8;
    fcntl(answer[0], F_SETFL, O_NONBLOCK);
    read_all(answer[0], attempt->message, sizeof attempt->message);
    close(answer[0]);
    memcpy(attempt->asked, asked, ASKED_MAX);
    munmap(asked, ASKED_MAX);
    read_end(out, attempt->printed, sizeof attempt->printed);
    read_end(errors, attempt->report, sizeof attempt->report);
    attempt->outcome = judge(status, is_report(attempt->report));
    attempt->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}
