#include "service/disk.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/env.h"
#include "loop/offload.h"

static int parse_percent(const char *text, double *percent)
{
    if (!isdigit((unsigned char)*text) || strspn(text, "0123456789.") + 1 != strlen(text))
        return -1;
    char *end;
    *percent = strtod(text, &end);
    return strcmp(end, "%") == 0 && *percent <= 100 ? 0 : -1;
}

int disk_parse_min_free(const char *text, struct disk_min_free *min_free)
{
    *min_free = (struct disk_min_free){0};
    if (strchr(text, '%'))
        return parse_percent(text, &min_free->percent);
    return env_parse_size(text, &min_free->bytes);
}

/* --- The call, on a thread ------------------------------------------------------------ */

struct question {
    const char *path;
    struct statvfs answer;
    int error;         /* errno, 0: none */
    struct disk *disk; /* for came_too_late, in the loop's thread */
};

static void ask(void *arg)
{
    struct question *question = arg;
    question->error = statvfs(question->path, &question->answer) == 0 ? 0 : errno;
}

static void came_too_late(void *arg)
{
    struct question *question = arg;
    question->disk->hanging = false;
}

static int ask_offloaded(struct disk *disk, int64_t deadline, struct statvfs *answer, struct err *err)
{
    static const struct offload_job job = {.work = ask, .discard = came_too_late};
    struct question question = {.path = disk->path, .disk = disk};
    if (disk->hanging)
        return err_set(err, ERR_TIMEOUT, "statvfs(%s) hangs", disk->path);

    /* Until we know better: discard may only run after offload_run gave up. */
    disk->hanging = true;
    if (offload_run(&job, &question, sizeof question, deadline, err) != 0) {
        if (err->code == ERR_BUSY)
            disk->hanging = false;
        return err_prefix(err, "statvfs(%s)", disk->path);
    }
    disk->hanging = false;
    if (question.error)
        return err_set(err, ERR_FAILED, "statvfs(%s): %s", disk->path, strerror(question.error));
    *answer = question.answer;
    return 0;
}

/* --- The judgement ---------------------------------------------------------------------- */

int disk_check(struct disk *disk, int64_t deadline, char *detail, size_t size, struct err *err)
{
    struct statvfs answer = {0};
    if (ask_offloaded(disk, deadline, &answer, err) != 0)
        return -1;

    double block = (double)answer.f_frsize;
    double total = (double)answer.f_blocks * block, free_bytes = (double)answer.f_bavail * block;
    /* A pseudo file system has no blocks: nothing to run out of. */
    double percent = total > 0 ? 100 * free_bytes / total : 100;
    snprintf(detail, size, "%.1f%% free (%.1f GB of %.1f GB)", percent, free_bytes / 1e9, total / 1e9);

    bool enough = percent >= disk->min_free.percent && (total <= 0 || free_bytes >= (double)disk->min_free.bytes);
    if (enough)
        return 0;
    if (disk->min_free.percent > 0)
        return err_set(err, ERR_FAILED, "%s: %s, want %g%%", disk->path, detail, disk->min_free.percent);
    return err_set(err, ERR_FAILED, "%s: %s, want %.1f GB", disk->path, detail, (double)disk->min_free.bytes / 1e9);
}
