/* snapshot: the last good list of a service on disk. Private to this layer.
 *
 * For the one case that memory cannot cover: a caller that starts while every
 * registry is away. Written beside its place, forced to the disk, and only then
 * renamed over the old one: kill -9 at any moment leaves either the old or the
 * new file. All of it happens on a thread, for a disk may hang.
 */
#ifndef DISCOVERY_SNAPSHOT_H
#define DISCOVERY_SNAPSHOT_H

#include "discovery/watch.h"

/* A fiber; arg is the struct watched_service: loads what there is, then keeps it up to
 * date. Ends when cancelled. */
void snapshot_run(void *arg);

#endif
