#include "service/disk.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* A file system without a fixed number of inodes (btrfs) reports 0 of them, and cannot run out. */
static bool has_inodes(const struct statvfs *space)
{
    return space->f_files > 0;
}

/* The detail names the inodes only if they are scarcer than the space: then they limit what can be written. */
static void describe(const struct statvfs *space, double percent, double inode_percent, char *detail, size_t size)
{
    double block = (double)space->f_frsize;
    snprintf(detail, size, "%.1f%% free (%.1f GB of %.1f GB)", percent, (double)space->f_bavail * block / 1e9,
             (double)space->f_blocks * block / 1e9);
    size_t len = strlen(detail);
    if (inode_percent < percent)
        snprintf(detail + len, size - len, ", %.1f%% of the inodes free (%ju of %ju)", inode_percent,
                 (uintmax_t)space->f_favail, (uintmax_t)space->f_files);
    len = strlen(detail);
    if (space->f_flag & ST_RDONLY)
        snprintf(detail + len, size - len, ", read-only");
}

/* Linux makes a file system read-only after an error of its device. One that is read-only from the start is meant
 * to be so, as the root of a container. */
static bool has_become_read_only(struct disk *disk, const struct statvfs *space)
{
    bool is_read_only = space->f_flag & ST_RDONLY;
    disk->was_writable |= !is_read_only;
    return disk->was_writable && is_read_only;
}

int disk_judge(struct disk *disk, const struct statvfs *space, char *detail, size_t size, struct err *err)
{
    double total = (double)space->f_blocks, free_bytes = (double)space->f_bavail * (double)space->f_frsize;
    /* A pseudo file system has no blocks and cannot become full. */
    double percent = total > 0 ? 100 * (double)space->f_bavail / total : 100;
    double inode_percent = has_inodes(space) ? 100 * (double)space->f_favail / (double)space->f_files : 100;
    const struct disk_min_free *min = &disk->min_free;
    describe(space, percent, inode_percent, detail, size);

    if (has_become_read_only(disk, space) && (min->percent > 0 || min->bytes > 0))
        return err_set(err, ERR_FAILED, "%s has become read-only: no file can be written", disk->path);
    if (percent < min->percent || inode_percent < min->percent)
        return err_set(err, ERR_FAILED, "%s: %s, less than DISK_MIN_FREE=%g%%", disk->path, detail, min->percent);
    if (total > 0 && free_bytes < (double)min->bytes)
        return err_set(err, ERR_FAILED, "%s: %s, less than DISK_MIN_FREE (%.1f GB)", disk->path, detail,
                       (double)min->bytes / 1e9);
    if (min->bytes > 0 && inode_percent <= 0)
        return err_set(err, ERR_FAILED, "%s: %s: no file can be created", disk->path, detail);
    return 0;
}

int disk_check(struct disk *disk, int64_t deadline, char *detail, size_t size, struct err *err)
{
    struct statvfs space = {0};
    if (read_free_space(disk, deadline, &space, err) != 0)
        return -1;
    return disk_judge(disk, &space, detail, size, err);
}
