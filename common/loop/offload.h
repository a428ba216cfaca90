/* offload: the few calls that block, and have no other form, run on a thread.
 *
 * Reading a directory entry on a dead network disk, looking up a name, fsync:
 * these may hang for as long as they like, so they never run on the loop. The
 * fiber waits up to its deadline; when it gives up, the call goes on behind its
 * back and cleans up after itself. (This is the only file that knows threads.)
 */
#ifndef LOOP_OFFLOAD_H
#define LOOP_OFFLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct offload_job {
    /* Runs on another thread: touches nothing but its argument. */
    void (*work)(void *arg);
    /* Frees what the argument points to (not the argument itself), in the loop's
     * thread, when the waiter gave up before the work ended. May be NULL. */
    void (*discard)(void *arg);
};

/* Runs work on a copy of the `size` bytes at arg, and copies them back when it
 * has ended. 0, or -1 with ERR_TIMEOUT, ERR_CANCELLED or ERR_BUSY; then arg is
 * untouched, and belongs to the job what its copy points to. */
int offload_run(const struct offload_job *job, void *arg, size_t size, int64_t deadline, struct err *err);

#endif
