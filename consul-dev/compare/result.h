/* result: what was measured of one kind of registry. */
#ifndef COMPARE_RESULT_H
#define COMPARE_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "group.h"
#include "harness/load.h"

enum { TIME_UNKNOWN = -1 }; /* it did not happen within the limit of its step */

struct result {
    const struct compared *kind;
    bool wanted;      /* KIND names it */
    bool measured;    /* so the rest is filled in */
    int64_t known_ms; /* a new instance listens, until the caller may call it */
    int64_t left_ms;  /* an instance begins to drain, until the caller does not call it any more */
    uint64_t left_failed;
    int64_t ejected_ms; /* an instance is killed, until the caller has ejected it */
    uint64_t killed_failed;
    int64_t expired_ms;                     /* the same, until the registry does not list it as healthy any more */
    struct answer answers[DIRECT_REQUESTS]; /* during the outage, as the next four */
    int64_t outage_known_ms;
    struct load_count outage_calls;
    char outage_source[16]; /* of the caller's list, at the end of the outage */
    struct traffic idle;    /* in one minute, between the registry and the services */
    int64_t idle_checks;    /* requests of the registry for /health in the same minute */
};

#endif
