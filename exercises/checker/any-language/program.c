#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "checker/check.h"

enum {
    LAST_BYTES = 800, /* of standard error */
    NOT_ALLOWED = 126,
    NOT_FOUND = 127,
    BY_SIGNAL = 128, /* exit codes of a shell; a signal's number is added */
};

const char *program_situation(void)
{
    static char text[320];
    snprintf(text, sizeof text, text_of(TEXT("%s: ", "%s：")), current_context());
    return *current_context() ? text : "";
}

void program_show_errors(const struct proc *proc)
{
    char *output = proc_output(proc);
    size_t length = strlen(output);
    const char *at = length > LAST_BYTES ? strchr(output + length - LAST_BYTES, '\n') : output;
    if (at && *at)
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
    if (signum)
        snprintf(how, sizeof how, "%s", strsignal(signum));
    else
        snprintf(how, sizeof how, text_of(TEXT("exit code %d", "退出码 %d")), code);
    fail(TEXT("%sthe program ended (%s): %s", "%s程序退出了（%s）：%s"), program_situation(), how, text_of(rule));
}
