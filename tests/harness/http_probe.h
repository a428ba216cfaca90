/* http_probe: one HTTP request from outside, as a user's curl would make it.
 *
 * Blocking, and on purpose not built on our own client: a test should not
 * believe what it tests. A probe keeps its connection for the next call; each
 * thread needs one of its own.
 */
#ifndef HARNESS_HTTP_PROBE_H
#define HARNESS_HTTP_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct probe;

struct probe_request {
    const char *method; /* NULL: GET, or POST where there is a body */
    const char *url;
    const char *const *headers; /* "Name: value" …, NULL; may be NULL */
    const char *body;           /* NULL: none; application/json unless headers say otherwise */
    int64_t timeout_ms;         /* 0: 15 s */
};

struct probe_reply {
    int status;
    struct buf headers; /* as they came, status line included */
    struct buf body;
    int64_t took_us;
};

struct probe *probe_new(void);
void probe_free(struct probe *probe); /* NULL is allowed */

/* Empties and fills *reply (zero-initialised before the first use). Any status
 * is success; -1 with ERR_UNREACHABLE, ERR_TIMEOUT, ERR_BROKEN or ERR_FAILED
 * where no whole reply came. probe NULL: a connection for this call alone. */
int probe_send(struct probe *probe, const struct probe_request *request, struct probe_reply *reply, struct err *err);
/* GET: the status, 0 where there was no reply. reply NULL: nobody cares. */
int probe_get(struct probe *probe, const char *url, struct probe_reply *reply);

/* The value of a header, without regard to case, into out. "" where there is none. */
const char *probe_header(const struct probe_reply *reply, const char *name, char *out, size_t size);
void probe_reply_close(struct probe_reply *reply);

#endif
