/* err: why something failed, for the program (code) and for people (text).
 *
 * Every function that can fail returns 0 or -1 and fills the caller's
 * `struct err`. The text says what could not be done, and why:
 * "cannot connect to Redis 127.0.0.1:6379: connection refused". The first error
 * wins: an error during the cleanup after it must not hide it.
 *
 *     struct err err = ERR_INIT;
 *     if (redis_probe(redis, deadline, &err) != 0)
 *         log_warn("redis_down", log_s("error", err.text));
 *
 * No function keeps a pointer to a caller's err. `err` is never NULL.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err_code {
    ERR_NONE = 0,
    ERR_INVALID,     /* the caller's input is wrong: a retry cannot help */
    ERR_NOT_FOUND,   /* it does not exist */
    ERR_CONFLICT,    /* it exists already (a unique key) */
    ERR_UNREACHABLE, /* no connection: refused, no route, unknown host */
    ERR_BROKEN,      /* the connection broke: reset, end of stream */
    ERR_TIMEOUT,     /* the deadline passed */
    ERR_CANCELLED,   /* this fiber was cancelled */
    ERR_PROTOCOL,    /* the reply breaks its protocol */
    ERR_TOO_LARGE,   /* a reply over its cap */
    ERR_READ_ONLY,   /* the server only reads for now: retry later */
    ERR_AGAIN,       /* undone because it met others at the same time: repeat it now */
    ERR_BUSY,        /* a limit of our own: retry later */
    ERR_FAILED,      /* anything else: see the text */
    ERR_UNKNOWN_OUTCOME, /* it may or may not have been done: the confirmation is missing */
};

struct err {
    enum err_code code;
    char text[240]; /* one line, cut if too long; never a secret */
};

#define ERR_INIT {.code = ERR_NONE, .text = ""}

/* Sets code and text unless an error is already set. Control characters in
 * the text become '?', so that it can be logged and shown. Always returns -1:
 * `return err_set(err, ERR_TIMEOUT, "cannot query %s: no reply", name);` */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Inserts "what: " before the present text. Returns -1. */
int err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Clears the error, so that the struct can be used for the next attempt. */
void err_clear(struct err *err);

/* "timeout", "unreachable": the code as one word, for logs and metrics. */
const char *err_name(enum err_code code);

#endif
