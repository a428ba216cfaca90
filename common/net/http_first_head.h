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

enum { HTTP_LENGTH_MAX = 18 }; /* digits of a Content-Length */

struct first_head {
    int status;         /* 0: nothing is wrong so far; else the status of the reply */
    const char *reason; /* static text */
    bool is_complete;   /* MHD may read it */
    bool is_small;      /* complete, and MHD needs little memory for it */
    size_t judged;      /* bytes of the lines that have been judged */
    /* MHD does not know these values with a blank after them, which is legal (RFC 9110, 5.5): */
    char length[HTTP_LENGTH_MAX + 1]; /* the digits of Content-Length; "": no blank follows them */
    bool is_chunked;                  /* Transfer-Encoding is "chunked" and a blank */
};

/* Begin with a `head` of zeros, and call again when more has arrived. `bytes`: all that has arrived, followed by a
 * NUL. `max`: the largest head that is accepted. */
void first_head_judge(struct first_head *head, const char *bytes, size_t len, size_t max);

#endif
