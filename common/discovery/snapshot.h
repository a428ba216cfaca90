/* snapshot: keeps the last good list of a service on disk. Private to this layer.
 *
 * It is for the one case that memory cannot cover: a caller that starts while every
 * registry is down. A new list is written to a temporary file, synced, and then renamed
 * over the old one, so that kill -9 at any moment leaves either the old or the new file.
 * Reading and writing happen on a thread, because a disk can hang.
 */
#ifndef DISCOVERY_SNAPSHOT_H
#define DISCOVERY_SNAPSHOT_H

#include "discovery/watch.h"

/* A fiber; arg is the struct watched_service. Loads the file, then keeps it up to date.
 * Ends when cancelled. */
void snapshot_run(void *arg);

#endif
