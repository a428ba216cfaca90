/* own_limit: limits of this process or machine: file descriptors, memory of the kernel, local ports.
 *
 * At such a limit a new connection fails before the other side is involved. So it is no sign of a fault there:
 * an instance must not be ejected for it, and a retry would fail as well.
 */
#ifndef BASE_OWN_LIMIT_H
#define BASE_OWN_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

/* What to raise if descriptors are short. */
#define OWN_LIMIT_FILES_HINT "raise it: ulimit -n, LimitNOFILE= (systemd), --ulimit nofile= (containers)"

/* How many descriptors this process may have open: `ulimit -n`. */
size_t own_limit_files(void);
/* True for the errno of socket() or accept() at such a limit. */
bool own_limit_is(int os_error);
/* Logs msg=own_limit_reached with the cause and what to raise; at most once a minute for each cause. */
void own_limit_log(int os_error);

#endif
