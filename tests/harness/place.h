/* place: gives each test ports and a folder that no other test uses.
 *
 * Many tests run at once, in several clones, and some crash. So no list is kept: the
 * kernel knows what is in use. A port is taken as long as a socket is bound to it, and a
 * folder as long as a process holds its lock. Both end with the process, even if it
 * crashes. The next call of folder_take() removes the folders of crashed tests.
 */
#ifndef HARNESS_PLACE_H
#define HARNESS_PLACE_H

#include "base/err.h"

enum { PLACE_PATH_MAX = 1024 };

/* A port that no other test and no outgoing connection gets. A server can listen on it,
 * end, and listen on it again. */
struct port {
    int number; /* 0: none */
    int socket; /* bound, never listening */
};

int port_take(struct port *port, struct err *err);
/* This port; if another process listens on it, any free one as above. */
int port_prefer(struct port *port, int number, struct err *err);
/* For a server that also receives UDP on its port, or listens at fixed distances from it, which it does not let us
 * choose: UDP is unused now, and each of number + offset. offsets ends with 0; NULL: none. All are below those of
 * outgoing connections. (Of a port from port_take() any program that sends UDP may get the UDP side.) */
int port_take_with(struct port *port, const int *offsets, struct err *err);
void port_release(struct port *port); /* may be called twice */

struct folder {
    char path[PLACE_PATH_MAX]; /* absolute; "" for none */
    int lock;
};

/* A new, empty folder in scratch_path(). */
int folder_take(struct folder *folder, struct err *err);
/* Removes it with its content; may be called twice. */
void folder_remove(struct folder *folder);

/* The build folder: $BUILD_DIR, or the one that holds the running program, in
 * <build>/tests/… or as <build>/program. */
void build_path(char out[PLACE_PATH_MAX]);
/* The project's top folder: $SOURCE_DIR, or the nearest folder with consul-dev/, from
 * the current one upwards. */
void source_path(char out[PLACE_PATH_MAX]);
/* The parent of all test folders and of shared files, in $TMPDIR, else in the build folder. */
void scratch_path(char out[PLACE_PATH_MAX]);

#endif
