/* What exercise 1 gives you. You edit health.c only. */
#ifndef GIVEN_H
#define GIVEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct deps;                /* the dependencies of this user-service: PostgreSQL, Redis, disk */
struct err;                 /* why a check failed; shown in /health */
typedef int64_t deadline_t; /* a moment; pass it on to each call that waits */

enum { DISK_MIN_FREE_PERCENT = 5 };

/* These calls wait, until the moment `until` at most; other requests run meanwhile. They return 0, or -1 with the
 * reason in `why`. */
int pg_select_1(struct deps *deps, deadline_t until, struct err *why);
int redis_ping(struct deps *deps, deadline_t until, struct err *why);
/* How much of the disk is free, 0 to 100; or -1 with the reason in `why`. */
int disk_free_percent(struct deps *deps, deadline_t until, struct err *why);
/* Writes a reason, as printf does. Returns -1: return err_set(why, "only %d left", n); */
int err_set(struct err *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* You write these four. A check returns 0 if its dependency works, or -1 with the reason in `why`. The service
 * runs the three checks at the same time. health_status() returns the status of GET /health, 200 or 503. */
int check_postgres(struct deps *deps, deadline_t until, struct err *why);
int check_redis(struct deps *deps, deadline_t until, struct err *why);
int check_disk(struct deps *deps, deadline_t until, struct err *why);
int health_status(bool pg_ok, bool redis_ok, bool disk_ok);

#endif
