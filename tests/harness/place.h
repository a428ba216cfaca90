/* place: where tests may put things: a port of their own, a folder of their own.
 *
 * Many tests run at once, in several clones, and some crash. So nothing here is
 * a list that somebody must keep: the kernel remembers. A port is taken as long
 * as a socket is bound to it, a folder is in use as long as somebody holds its
 * lock; both end with the process, however it ends. What a crash left is removed
 * by the next one that takes a folder.
 */
#ifndef HARNESS_PLACE_H
#define HARNESS_PLACE_H

#include "base/err.h"

enum { PLACE_PATH_MAX = 1024 };

/* A port that no other test gets, and no outgoing connection. A server may
 * listen on it any number of times meanwhile. */
struct port {
    int number; /* 0: none */
    int socket; /* bound, never listening */
};

int port_take(struct port *port, struct err *err);
/* This very port, or, where a server has it, one as above. */
int port_prefer(struct port *port, int number, struct err *err);
void port_release(struct port *port); /* may be called twice */

struct folder {
    char path[PLACE_PATH_MAX]; /* absolute; "" for none */
    int lock;
};

/* A new, empty folder in scratch_path(). */
int folder_take(struct folder *folder, struct err *err);
/* Removes it with all that is in it; may be called twice. */
void folder_remove(struct folder *folder);

/* $BUILD_DIR, or where the running program was built: $BUILD in
 * $BUILD/tests/… and in $BUILD/program. */
void build_path(char out[PLACE_PATH_MAX]);
/* The project's top folder: $SOURCE_DIR, or the first upwards from the current
 * one that has consul-dev/. */
void source_path(char out[PLACE_PATH_MAX]);
/* Where folders and what tests share are kept: in $TMPDIR, else in $BUILD. */
void scratch_path(char out[PLACE_PATH_MAX]);

#endif
