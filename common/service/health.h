/* health: the deep health check behind GET /health (the lesson's pitfall 1).
 *
 * A process that runs but has lost its database must not get traffic. So /health
 * runs a probe of each dependency, all at the same time, and each is limited to
 * HEALTH_TIMEOUT: the reply comes in time even if all of them hang. Simultaneous
 * requests share one round of probes (single flight), and its result is reused
 * for a second: many health checks do not overload the database.
 *
 * A probe that is not vital is shown but does not count. Order-service shows
 * user-service and the registry this way: a failed callee must not take its
 * callers out of service as well.
 */
#ifndef SERVICE_HEALTH_H
#define SERVICE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log_repeat.h"
#include "loop/sync.h"

enum { HEALTH_DETAIL_MAX = 240, HEALTH_PROBES_MAX = 8 };

struct health_probe {
    const char *name; /* its member in "checks" */
    bool vital;
    /* Runs in a fiber of its own and ends by the deadline. 0, with a detail or "", or -1 with err. */
    int (*check)(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err);
};

/* A probe and its last result. */
struct health_check {
    const struct health_probe *probe;
    void *arg;
    int64_t deadline; /* of the round in progress */
    bool healthy;     /* false before the first round */
    int64_t latency_us;
    char detail[HEALTH_DETAIL_MAX]; /* the reason, if not healthy */
    struct log_repeat failure; /* what was logged last */
};

/* Zero-initialise, then set timeout_ms. */
struct health {
    int64_t timeout_ms; /* of each probe */
    struct health_check checks[HEALTH_PROBES_MAX];
    size_t count;
    int64_t checked_ms; /* end of the last round; 0: none yet */
    bool draining;
    struct flight flight;
};

/* The probe is borrowed. At most HEALTH_PROBES_MAX. */
void health_add(struct health *health, const struct health_probe *probe, void *arg);
/* Appends the body of GET /health; returns its status, 200 or 503. Waits. */
int health_report(struct health *health, struct buf *body);
/* The same without a body: 0, or -1 with the first vital check that failed. */
int health_evaluate(struct health *health, struct err *err);
/* From now on the status is 503 with "status":"draining". No probe runs any
 * more: the checks shown are the last ones. */
void health_drain(struct health *health);

#endif
