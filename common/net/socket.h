/* socket: opens a listening socket, and lets a fiber wait until a socket is ready.
 *
 * For servers that read and write their sockets themselves. They try to read or write
 * first, and wait only if that would block.
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
/* The port that it is bound to. */
uint16_t socket_port(int fd);
/* True: the other end of the connection is on this machine: 127.0.0.0/8, ::1, or ::ffff:127.0.0.0/104. */
bool socket_peer_is_loopback(int fd);

struct socket_watch;

enum socket_event { SOCKET_READABLE = 1, SOCKET_WRITABLE = 2 };

/* The caller keeps the descriptor, and keeps it open until socket_watch_close. NULL: it cannot be watched. */
struct socket_watch *socket_watch_new(int fd);
void socket_watch_close(struct socket_watch *watch);

/* Parks the running fiber until the socket is ready or broken, or until
 * socket_watch_wake is called. One fiber at a time. */
enum wait_result socket_watch_park(struct socket_watch *watch, enum socket_event event, int64_t deadline);
/* Wakes the fiber that waits, for a reason other than the socket. No effect if none waits. */
void socket_watch_wake(struct socket_watch *watch);

#endif
