/* make pitfall N=1..5: shows one of the lesson's five pitfalls on real servers: the wrong way beside the right way,
 * under the same load.
 *
 * Exit code 0 only if the expected was seen, 1 if not, 2 for a wrong N, 77 if this machine does not allow it. */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "harness/environment.h"
#include "harness/guard.h"
#include "harness/place.h"
#include "pitfalls.h"
#include "report.h"

static int (*const pitfalls[])(struct err *err) = {shallow_check, registration_storm, cache_ttl, empty_list, partition};

enum { NEEDED_MB = 200 };

static int usage(const char *got)
{
    fprintf(stderr,
            SAY("N=%s: want a number from 1 to 5:\n"
                "  1  a shallow health check beside a deep one\n"
                "  2  no delay before the registration beside a random one\n"
                "  3  a cache with a TTL of 1 s, 10 s and 300 s beside a watch\n"
                "  4  an empty list crashes the caller, or the caller falls back\n"
                "  5  a network partition: reads and writes of the minority\n"
                "For example: make pitfall N=1\n",
                "N=%s：应为 1 到 5 的数字：\n"
                "  1  浅检查与深度检查\n"
                "  2  立即注册与随机延迟注册\n"
                "  3  缓存 TTL 1 秒、10 秒、300 秒与变更通知\n"
                "  4  空列表：调用方崩溃与降级\n"
                "  5  网络分区：少数派的读和写\n"
                "例如：make pitfall N=1\n"),
            got);
    return 2;
}

/* PostgreSQL, for one, does not say it when its disk is full. */
static void explain_failure(const struct err *err)
{
    char path[PLACE_PATH_MAX];
    struct statvfs disk;
    fprintf(stderr, "%s\n", err->text);
    scratch_path(path);
    if (statvfs(path, &disk) != 0)
        return;
    int free_mb = (int)(disk.f_bavail * disk.f_frsize >> 20);
    if (free_mb < NEEDED_MB)
        fprintf(stderr,
                SAY("Only %d MB are free in %s: free at least %d MB, and run it again.\n",
                    "%2$s 只剩 %1$d MB：请至少腾出 %3$d MB，然后再运行一次。\n"),
                free_mb, path, NEEDED_MB);
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    const char *number = argc == 2 ? argv[1] : "";
    if (strlen(number) != 1 || *number < '1' || *number > '5')
        return usage(number);
    environment_open_files();
    environment_clear();
    int code = -1;
    if (guard_start(&err) == 0) {
        code = pitfalls[*number - '1'](&err);
        guard_end();
    }
    if (code >= 0)
        return code;
    explain_failure(&err);
    return 1;
}
