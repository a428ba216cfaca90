/* health: is this instance fit to serve? Asked deep, answered in bounded time.
 *
 * The lesson's pitfall 1: a process that runs but has lost its database must not
 * get traffic. So /health asks every dependency, all at once, each bounded by
 * HEALTH_TIMEOUT: whatever hangs, the answer comes. One round at a time, however
 * many ask (single flight), and its result is shared for a second: a storm of
 * health checks is not passed on to the database.
 *
 * A probe that is not vital is shown and does not count. Order-service shows
 * user-service and the registry that way: a failing callee must not take its
 * callers out of service, too.
 */
#ifndef SERVICE_HEALTH_H
#define SERVICE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { HEALTH_DETAIL_MAX = 240, HEALTH_PROBES_MAX = 8 };

struct health_probe {
    const char *name; /* its member in "checks" */
    bool vital;
    /* Runs in a fiber of its own. 0 with a detail (may stay ""), or -1 with err; keeps to the deadline. */
    int (*check)(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err);
};

struct health;

/* timeout_ms: of each probe. NULL: out of memory. */
struct health *health_new(int64_t timeout_ms);
/* No question may be under way. */
void health_free(struct health *health);
/* The probe is borrowed. At most HEALTH_PROBES_MAX. */
void health_add(struct health *health, const struct health_probe *probe, void *arg);

/* From now on the answer is no, with "status":"draining", and nobody is asked
 * any more: the checks shown are the last ones. */
void health_drain(struct health *health);

/* Appends the body of GET /health; returns its status: 200 or 503. Waits. */
int health_report(struct health *health, struct buf *body);
/* The same in one word: 0, or -1 with the first vital check that failed. */
int health_ask(struct health *health, struct err *err);

/* 1 or 0 for each check, as of the last round. */
void health_metrics(const struct health *health, struct buf *out);

#endif
