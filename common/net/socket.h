/* socket: a listening socket, and a fiber that waits for one to be ready.
 *
 * For the servers that read and write their sockets themselves: they are tried
 * first, and waited for only when they would block.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/fiber.h"

/* A non-blocking socket that listens on a numeric address; port 0: any free one.
 * The descriptor, or -1 with ERR_INVALID (no numeric address), ERR_CONFLICT (the
 * port is in use) or ERR_FAILED. */
int socket_listen(const char *address, uint16_t port, struct err *err);
/* The port to which it is bound. */
uint16_t socket_port(int fd);

struct socket_watch;

enum socket_event { SOCKET_READABLE = 1, SOCKET_WRITABLE = 2 };

/* The descriptor stays the caller's, and open until socket_watch_close. NULL: it cannot be watched. */
struct socket_watch *socket_watch_new(int fd);
void socket_watch_close(struct socket_watch *watch);

/* Parks the running fiber until the socket is ready, is broken, or
 * socket_watch_wake is called. One fiber at a time. */
enum wait_result socket_watch_park(struct socket_watch *watch, enum socket_event event, int64_t deadline);
/* Something else has happened that its fiber has to see. Nothing where none waits. */
void socket_watch_wake(struct socket_watch *watch);

#endif
