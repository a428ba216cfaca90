/* http_first_head: judges the first bytes of a connection before libmicrohttpd (MHD) reads them. A pure
 * function, no I/O.
 *
 * Two things cannot be done later. MHD answers some invalid heads by itself, twice and not as
 * application/problem+json. And the memory for a large head must be there from the start.
 */
#ifndef NET_HTTP_FIRST_HEAD_H
#define NET_HTTP_FIRST_HEAD_H

#include <stdbool.h>
#include <stddef.h>

struct first_head {
    int status;         /* 0: MHD may read it; else the status of the reply */
    const char *reason; /* static text */
    bool is_small;      /* complete, and MHD needs little memory for it */
};

/* `bytes`: what has arrived, followed by a NUL. `max`: the largest head that is accepted. */
struct first_head first_head_judge(const char *bytes, size_t len, size_t max);

#endif
