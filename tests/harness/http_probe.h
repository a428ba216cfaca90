/* http_probe: sends one HTTP request from outside, as a user's curl would.
 *
 * It blocks, and does not use our own HTTP client: a test should not depend on the code
 * that it tests. A probe keeps its connection for the next call. Each thread needs its
 * own probe.
 */
#ifndef HARNESS_HTTP_PROBE_H
#define HARNESS_HTTP_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct probe;

struct probe_request {
    const char *method; /* NULL: GET, or POST if there is a body */
    const char *url;
    const char *const *headers; /* "Name: value" …, NULL; may be NULL */
    const char *body;           /* NULL: none; application/json unless headers say otherwise */
    int64_t timeout_ms;         /* 0: 15 s */
};

struct probe_reply {
    int status;
    struct buf headers; /* as received, with the status line */
    struct buf body;
    int64_t took_us;
};

struct probe *probe_new(void);
void probe_free(struct probe *probe); /* NULL is allowed */

/* Empties and fills *reply (zero-initialised before the first use). 0: a whole reply,
 * with any status; -1 with ERR_UNREACHABLE, ERR_TIMEOUT, ERR_BROKEN or ERR_FAILED: no
 * whole reply. probe NULL: uses a connection for this call only. */
int probe_send(struct probe *probe, const struct probe_request *request, struct probe_reply *reply, struct err *err);
/* GET. Returns the status; 0: no reply. reply: NULL if only the status is needed. */
int probe_get(struct probe *probe, const char *url, struct probe_reply *reply);

/* Copies the value of a header (its name in any case) into out and returns out; "": no such header. */
const char *probe_header(const struct probe_reply *reply, const char *name, char *out, size_t size);
void probe_reply_close(struct probe_reply *reply);

#endif
