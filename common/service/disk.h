/* disk: the health check of free disk space and inodes.
 *
 * Space that the file system reserves for root does not count as free (statvfs:
 * f_bavail, in units of f_frsize). Without a free inode no file can be created,
 * however much space is free (f_favail of f_files). statvfs always blocks, and on a network disk
 * whose server is gone it hangs. So it runs on a thread, and while one call hangs
 * no second one starts: a hanging disk takes one thread, not all.
 */
#ifndef SERVICE_DISK_H
#define SERVICE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/statvfs.h>

#include "base/err.h"

struct disk_min_free {
    double percent; /* of the space and of the inodes; 0: bytes counts instead */
    int64_t bytes;  /* if set, one free inode is enough */
};

struct disk {
    const char *path;
    struct disk_min_free min_free;
    bool hanging;      /* a call that has timed out is still running */
    bool was_writable; /* set by disk_judge() */
};

/* "5%" (0 to 100, decimals allowed) or "500MB". 0 or -1. */
int disk_parse_min_free(const char *text, struct disk_min_free *min_free);

/* Compares what statvfs() returned with the limit. The result is that of disk_check(). */
int disk_judge(struct disk *disk, const struct statvfs *space, char *detail, size_t size, struct err *err);
/* 0 with a detail such as "83.1% free (41.5 GB of 50.0 GB)"; or -1 with err. */
int disk_check(struct disk *disk, int64_t deadline, char *detail, size_t size, struct err *err);

#endif
