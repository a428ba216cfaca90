/* disk: is there room left?
 *
 * Free means free for us: what a file system keeps back for root does not count
 * (statvfs: f_bavail, in units of f_frsize). statvfs has no form that does not
 * block, and on a network disk whose server is gone it hangs: so it runs on a
 * thread, and while one call hangs no second one is made.
 */
#ifndef SERVICE_DISK_H
#define SERVICE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct disk_min_free {
    double percent; /* of the whole; 0 where bytes are meant */
    int64_t bytes;
};

struct disk {
    const char *path;
    struct disk_min_free min_free;
    bool hanging; /* a call that nobody waits for any more is still under way */
};

/* "5%" (0 to 100, decimals allowed) or "500MB". 0 or -1. */
int disk_parse_min_free(const char *text, struct disk_min_free *min_free);

/* 0 with a detail such as "83.1% free (41.5 GB of 50.0 GB)"; or -1 with err. */
int disk_check(struct disk *disk, int64_t deadline, char *detail, size_t size, struct err *err);

#endif
