/* obstacle: why an instance cannot be picked now, for GET /discovery/explain. */
#ifndef BALANCE_OBSTACLE_H
#define BALANCE_OBSTACLE_H

#include "balance/peer.h"

struct eligible;

/* Plain data: it stays valid when the balancer changes. */
struct obstacle {
    enum {
        OBSTACLE_NONE,
        OBSTACLE_STATE, /* its health, or in maintenance */
        OBSTACLE_ROUTE, /* its version or its tags (route.h) */
        OBSTACLE_SIDE,  /* the key belongs to the other side of a canary release (sides.h) */
        OBSTACLE_FAILING_SIDE, /* all on its side are failing */
        OBSTACLE_EJECTION,
        OBSTACLE_PROBATION,
        OBSTACLE_ZONE,
        OBSTACLE_SLOW_START,
        OBSTACLE_LOAD,
    } kind;
    int64_t left_ms; /* of an ejection, or of a slow start */
    bool was_overtaken; /* by backup requests (outlier.h) */
    int share;       /* in a slow start: of SLOW_START_WHOLE */
    unsigned percent, others_percent; /* for the failure rate (outlier.h); 0: for failures in a row */
    /* of a zone: why the next call goes to the other side (zones.h) */
    bool stays_near;
    int64_t near_gain, near_weight, weight;
    size_t zones;
    /* of load: this instance and the next one, as least_request has compared them */
    size_t calls, next_calls;
    int its_weight, next_weight;
};

/* near_is_next: the next call goes to the caller's zone, if both sides can be picked. */
struct obstacle obstacle_of(const struct eligible *eligible, const struct balancer_peer *peer, bool near_is_next,
                            int64_t now_ms);
/* For the one of two instances that least_request has not chosen. */
struct obstacle obstacle_of_load(const struct balancer_peer *peer, const struct balancer_peer *next);
/* It passes its next turn on: slow_start.h. */
struct obstacle obstacle_of_slow_start(const struct slow_start *slow, int64_t now_ms);
/* Writes a text for people to `out`; not for OBSTACLE_NONE. instance: the peer's at that
 * time. zone: the caller's. route: that of the balancer. */
void obstacle_text(struct obstacle obstacle, const struct instance *instance, const char *zone,
                   const struct route *route, char *out, size_t size);

#endif
