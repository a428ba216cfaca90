#include "explain.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words of a report and what they mean. The first match counts. */
static const struct {
    const char *sign;
    struct text meaning;
} signs[] = {
    {"division by zero", {"a division by zero", "除以了 0"}},
    {"out of bounds", {"an index outside the array", "数组下标越界"}},
    {"insufficient space", {"an index outside the array", "数组下标越界"}},
    {"signed integer overflow", {"an int overflow", "int 溢出"}},
    {"null pointer", {"a NULL pointer was used", "使用了空指针（NULL）"}},
    {"stack-overflow", {"the stack overflowed: endless recursion, or a very large local array",
                        "栈溢出：无限递归，或者局部数组过大"}},
    {"stack-buffer-overflow", {"it read or wrote outside a local array", "局部数组越界读写"}},
    {"heap-buffer-overflow", {"it read or wrote outside an array: the array is too short, or the index too large",
                              "越界读写：数组太短或下标太大"}},
    {"global-buffer-overflow", {"it read or wrote outside a global array", "全局数组越界读写"}},
    {"heap-use-after-free", {"it used memory that was already freed", "使用了已经释放的内存"}},
    {"stack-use-after", {"it used a local variable that no longer exists", "使用了已经失效的局部变量"}},
    {"double-free", {"it freed the same memory twice", "同一块内存释放了两次"}},
    {"Failed to mmap", {"it took more than 512 MB of memory", "占用内存超过 512 MB"}},
    {"out of memory", {"it took more than 512 MB of memory", "占用内存超过 512 MB"}},
    {"ABRT", {"abort() was called, or an assert() failed", "调用了 abort()，或者 assert() 失败"}},
    {"FPE", {"a division by zero", "除以了 0"}},
    {"address points to the zero page", {"a NULL pointer was used", "使用了空指针（NULL）"}},
    {"SEGV", {"an invalid pointer was used", "使用了无效的指针"}},
};

static const char *meaning(const struct attempt *attempt)
{
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strstr(attempt->report, signs[i].sign))
            return text_of(signs[i].meaning);
    if (attempt->signal == SIGXFSZ)
        return text_of(TEXT("it printed more than 32 MB", "输出超过了 32 MB"));
    return attempt->signal ? strsignal(attempt->signal) : text_of(TEXT("it ended the process", "它结束了整个进程"));
}

void explain(const struct attempt *attempt, const struct check *check, char *out, size_t size)
{
    int length = *attempt->result.context ? snprintf(out, size, text_of(TEXT("%s: ", "%s：")), attempt->result.context) : 0;
    int limit_s = check->limit_s ? check->limit_s : CHECK_LIMIT_S;
    if (attempt->result.outcome == TOO_LONG && check->real)
        snprintf(out + length, size - (size_t)length,
                 text_of(TEXT("not finished within %d s: a call that waits forever, or a machine that is too busy (run it again)",
                              "%d 秒内没有完成：某个调用一直在等待，或者机器太忙（请再运行一次）")),
                 limit_s);
    else if (attempt->result.outcome == TOO_LONG)
        snprintf(out + length, size - (size_t)length,
                 text_of(TEXT("did not return within %d s: an endless loop, or a call that waits forever",
                              "%d 秒内没有返回：死循环，或者某个调用一直在等待")),
                 limit_s);
    else
        snprintf(out + length, size - (size_t)length, text_of(TEXT("it crashed: %s", "程序崩溃：%s")),
                 meaning(attempt));
}

int explain_line(const struct attempt *attempt, const char *file)
{
    char path[PATH_MAX], sought[PATH_MAX + 2];
    if (!realpath(file, path))
        return 0;
    snprintf(sought, sizeof sought, "%s:", path);
    const char *at = strstr(attempt->report, sought);
    return at ? atoi(at + strlen(sought)) : 0;
}
