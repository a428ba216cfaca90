/* disk: the health check of free disk space.
 *
 * Space that the file system reserves for root does not count as free (statvfs:
 * f_bavail, in units of f_frsize). statvfs always blocks, and on a network disk
 * whose server is gone it hangs. So it runs on a thread, and while one call hangs
 * no second one starts: a hanging disk takes one thread, not all.
 */
#ifndef SERVICE_DISK_H
#define SERVICE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct disk_min_free {
    double percent; /* of the disk; 0: bytes counts instead */
    int64_t bytes;
};

struct disk {
    const char *path;
    struct disk_min_free min_free;
    bool hanging; /* a call that has timed out is still running */
};

/* "5%" (0 to 100, decimals allowed) or "500MB". 0 or -1. */
int disk_parse_min_free(const char *text, struct disk_min_free *min_free);

/* 0 with a detail such as "83.1% free (41.5 GB of 50.0 GB)"; or -1 with err. */
int disk_check(struct disk *disk, int64_t deadline, char *detail, size_t size, struct err *err);

#endif
