/* offload: runs a blocking call on a thread, for calls that have no other form.
 *
 * Reading a directory on a dead network disk, resolving a name, fsync: these may hang
 * without limit, so they never run on the loop. The fiber waits until its deadline.
 * If it stops waiting, the call continues on its thread, and its memory is freed when
 * it ends. (No other module uses threads.)
 */
#ifndef LOOP_OFFLOAD_H
#define LOOP_OFFLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct offload_job {
    /* Runs on another thread: uses only its argument. */
    void (*work)(void *arg);
    /* Frees what the argument points to (not the argument itself). Called in the loop's
     * thread if the waiter stopped waiting before the work ended. May be NULL. */
    void (*discard)(void *arg);
};

/* Runs work on a copy of the `size` bytes at arg, and copies them back when it
 * has ended. 0, or -1 with ERR_TIMEOUT, ERR_CANCELLED or ERR_BUSY; then arg is
 * unchanged, and the job owns what its copy points to. */
int offload_run(const struct offload_job *job, void *arg, size_t size, int64_t deadline, struct err *err);

#endif
