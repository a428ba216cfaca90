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

/* --- statvfs on a thread ---------------------------------------------------------- */

struct disk_call {
    const char *path;
    struct statvfs result;
    int error;         /* errno, 0: none */
    struct disk *disk; /* for end_late_call, in the loop's thread */
};

static void call_statvfs(void *arg)
{
    struct disk_call *call = arg;
    call->error = statvfs(call->path, &call->result) == 0 ? 0 : errno;
}

static void end_late_call(void *arg)
{
    struct disk_call *call = arg;
    call->disk->hanging = false;
}

static int read_free_space(struct disk *disk, int64_t deadline, struct statvfs *result, struct err *err)
{
    static const struct offload_job job = {.work = call_statvfs, .discard = end_late_call};
    struct disk_call call = {.path = disk->path, .disk = disk};
    if (disk->hanging)
        return err_set(err, ERR_TIMEOUT, "cannot read the free space of %s: the last attempt still hangs", disk->path);

    /* Set before the call: end_late_call clears it if offload_run gives up. */
    disk->hanging = true;
    if (offload_run(&job, &call, sizeof call, deadline, err) != 0) {
        if (err->code == ERR_BUSY)
            disk->hanging = false;
        return err_prefix(err, "cannot read the free space of %s", disk->path);
    }
    disk->hanging = false;
    if (call.error)
        return err_set(err, ERR_FAILED, "cannot read the free space of %s: %s", disk->path, strerror(call.error));
    *result = call.result;
    return 0;
}

/* --- The check -------------------------------------------------------------------- */

int disk_check(struct disk *disk, int64_t deadline, char *detail, size_t size, struct err *err)
{
    struct statvfs space = {0};
    if (read_free_space(disk, deadline, &space, err) != 0)
        return -1;

    double block = (double)space.f_frsize;
    double total = (double)space.f_blocks * block, free_bytes = (double)space.f_bavail * block;
    /* A pseudo file system has no blocks and cannot become full. */
    double percent = total > 0 ? 100 * free_bytes / total : 100;
    snprintf(detail, size, "%.1f%% free (%.1f GB of %.1f GB)", percent, free_bytes / 1e9, total / 1e9);

    bool enough = percent >= disk->min_free.percent && (total <= 0 || free_bytes >= (double)disk->min_free.bytes);
    if (enough)
        return 0;
    if (disk->min_free.percent > 0)
        return err_set(err, ERR_FAILED, "%s: %s, less than DISK_MIN_FREE=%g%%", disk->path, detail,
                       disk->min_free.percent);
    return err_set(err, ERR_FAILED, "%s: %s, less than DISK_MIN_FREE (%.1f GB)", disk->path, detail,
                   (double)disk->min_free.bytes / 1e9);
}
