/* measures: what is measured of one kind of registry, one function for each question. They run in this order, on the
 * same servers and services, and each leaves three or more instances running.
 *
 * Each fills its part of *result. 0, or -1 with err: it could not be measured. That something does not happen is a
 * result where it is what the kind does; else it is an error.
 */
#ifndef COMPARE_MEASURES_H
#define COMPARE_MEASURES_H

#include "result.h"
#include "stage.h"

typedef int measure(struct stage *stage, struct result *result, struct err *err);

measure measure_idle;    /* traffic in a minute in which nothing changes */
measure measure_changes; /* a new instance, and one that deregisters */
measure measure_crash;   /* an instance is killed */
measure measure_outage;  /* the majority or one peer is gone. The last one: the servers stay away */

/* How long order-service needs until condition(stage, i) is true; TIME_UNKNOWN: longer than limit_ms. */
int64_t time_until_user(bool (*condition)(struct stage *stage, int i), struct stage *stage, int i, int64_t limit_ms);

#endif
