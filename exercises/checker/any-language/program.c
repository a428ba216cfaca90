#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "checker/check.h"

enum {
    LAST_BYTES = 800,
    LAST_LINES = 10, /* of standard error */
    NOT_ALLOWED = 126,
    NOT_FOUND = 127,
    BY_SIGNAL = 128, /* exit codes of a shell; a signal's number is added */
};

/* For its files and for its standard error, so that an endless message does not fill the disk. More than a compiler
 * needs. */
static const rlim_t FILE_MAX = 256 << 20;

int program_pipe(const struct folder *folder, const char *name, char path[PLACE_PATH_MAX + 16])
{
    snprintf(path, PLACE_PATH_MAX + 16, "%s/%s", folder->path, name);
    int fd = mkfifo(path, 0600) == 0 ? open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;
    if (fd < 0)
        fail_here("%s: %s", path, strerror(errno));
    return fd;
}

/* The kernel ends the first shell with this process (proc_start), but not what that shell has started. The part in
 * the background does: it reads from a pipe that only this process holds open for writing, until that ends. */
void program_start(struct proc *proc, const struct folder *folder, const char *input, const char *output,
                   const char *const env[])
{
    static const char script[] = "(read line <\"$3\"; kill -9 0) & exec /bin/sh -c \"$0\" <\"$1\" >>\"$2\"";
    struct err err = ERR_INIT;
    char alive[PLACE_PATH_MAX + 16], log[PLACE_PATH_MAX + 16];
    program_pipe(folder, "alive", alive); /* stays open */
    snprintf(log, sizeof log, "%s/stderr", folder->path);
    const char *const argv[] = {"/bin/sh", "-c", script, getenv("CMD"), input, output, alive, NULL};
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){FILE_MAX < before.rlim_max ? FILE_MAX : before.rlim_max, before.rlim_max});
    int status = proc_start(proc, argv, env, log, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    if (status != 0)
        fail_here("%s", err.text);
}

const char *program_situation(void)
{
    static char text[320];
    snprintf(text, sizeof text, text_of(TEXT("%s: ", "%s：")), current_context());
    return *current_context() ? text : "";
}

/* Where its last lines begin, at most LAST_BYTES. */
static const char *last_lines(const char *output)
{
    const char *end = output + strlen(output), *at = end;
    for (int lines = 0; at > output && end - at < LAST_BYTES; at--)
        if (at[-1] == '\n' && at != end && ++lines == LAST_LINES)
            return at;
    const char *whole = at == output ? at : strchr(at, '\n');
    return whole ? whole : at; /* a long line is shown in part */
}

void program_show_errors(const struct proc *proc)
{
    char *output = proc_output(proc);
    const char *at = last_lines(output);
    if (*at)
        printf("%s\n", at);
    free(output);
}

void program_fail_ended(const struct proc *proc, struct text rule)
{
    char how[80];
    int code = WIFEXITED(proc->status) ? WEXITSTATUS(proc->status) : 0;
    int signum = WIFSIGNALED(proc->status) ? WTERMSIG(proc->status) : code > BY_SIGNAL ? code - BY_SIGNAL : 0;
    program_show_errors(proc);
    if (code == NOT_ALLOWED || code == NOT_FOUND)
        fail(TEXT("cannot run CMD=\"%s\": a program is not found, or is not executable (exit code %d). Install it, or "
                  "correct CMD: paths start at the project's folder",
                  "无法运行 CMD=\"%s\"：找不到程序，或者没有执行权限（退出码 %d）。请安装它，或者修改 "
                  "CMD：路径从项目根目录算起"),
             getenv("CMD"), code);
    if (signum == SIGXFSZ)
        fail(TEXT("%sthe program wrote more than %d MB to standard error, or to a file",
                  "%s程序向标准错误或者某个文件写了超过 %d MB"),
             program_situation(), (int)(FILE_MAX >> 20));
    if (signum)
        snprintf(how, sizeof how, "%s", strsignal(signum));
    else
        snprintf(how, sizeof how, text_of(TEXT("exit code %d", "退出码 %d")), code);
    fail(TEXT("%sthe program ended (%s): %s", "%s程序退出了（%s）：%s"), program_situation(), how, text_of(rule));
}
