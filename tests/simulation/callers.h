/* callers: the state of the simulated callers, and the results of their calls, which the
 * invariants need. */
#ifndef SIMULATION_CALLERS_H
#define SIMULATION_CALLERS_H

#include "simulation/process.h"

enum { ATTEMPTS_MAX = 3, WINDOW_S = 10, ID_MAX = 32, STATIC_MAX = 2000 };

/* An instance in the list with which the last attempt was made. */
struct serving {
    int entries;      /* that get turns */
    uint64_t key;     /* of the only one of these, if it passes; 0: there is none, or it is in doubt */
    int64_t since_ms; /* it has this key */
};

/* The attempts since the instance began to get turns. */
struct ramp {
    bool is_certain; /* it is in slow start */
    double most, least; /* attempts that it may get, and must get */
    int first, all;     /* first attempts, and all, that it got */
};

/* One instance, as a caller's list and its calls show it. */
struct observed_instance {
    bool listed, missing;      /* missing: all of its entries are */
    int64_t missing_since_ms;
    int64_t first_missing_ms;  /* since when at least one of its entries is missing; 0: none is */
    int64_t failed_ms;         /* its last failed call */
    uint16_t failed_missing_port;
    int64_t failed_missing_ms; /* its last call that began and failed while it was missing */
    int64_t removable_ms;      /* its last failed call that may remove it if it is missing */
    int calls_now;             /* calls under way that have tried it */
    int failures, failures_ever; /* in a row; in total */
    int cancelled;             /* in a row, without a success: backup requests may have overtaken them */
    int64_t fifth_ms;          /* its last fifth failure in a row; 0: none yet */
    int64_t ejected_ms;        /* since when it must be ejected; 0: it need not be */
    uint64_t ejected_version;  /* the version of the list at that time */
    struct serving serving;
    struct ramp ramp;
    int64_t rate_calls, rate_last_ms; /* of the rate_window */
};

/* The calls since a moment (rates.c): in `observed` to each instance. */
struct rate_window {
    int64_t since_ms; /* 0: none */
    uint64_t version; /* of the list */
    int64_t all;
    int ejections;    /* for the failure rate, at its begin */
};

struct sim_caller {
    struct process process;
    struct registry *registries[REGISTRIES_MAX];
    const char *zone;
    char static_instances[STATIC_MAX];
    struct discovery *discovery;
    struct service_client *client;
    struct group calls;
    uint64_t cannot_reach; /* instances (has_bit) */
    bool *half_failed;     /* of each instance: it fails half of its calls, and has failed the last one */
    struct rate_window rates;
    unsigned until_look;   /* at its metrics */
    struct observed_instance *observed; /* one for each instance that a port can name; NULL: a large world */
    const char *source; /* of its list, when it was last observed */
    uint64_t version, called_version; /* of its list, when it was last observed; and at the last call */
    uint64_t ramps_version;           /* of the list that `serving` is about; 0: of none */
    bool has_called;
    struct {
        uint64_t version; /* of the list; 0: none */
        int64_t calls, near;
    } turns; /* first attempts with that list, and those of them within the zone */
    int64_t called_since_ms; /* the first call with that list */
    /* Calls and retries in each tenth of a second of the last ten seconds. */
    int64_t window_at;
    int calls_in[WINDOW_S * 10], retries_in[WINDOW_S * 10];
};

/* One call, from its first attempt to its end. */
struct call_record {
    struct sim_caller *caller;
    int64_t begin_ms, deadline;
    char key[16]; /* the user: it decides the side of a canary release */
    struct {
        int instance;
        char id[ID_MAX];
        bool alone;       /* the list had no other entry with its id */
        bool missing;     /* the registry no longer named it */
        int64_t begin_ms;
        bool running, was_cancelled;
        bool last_resort; /* it may have been ejected: no other instance was left */
    } tried[ATTEMPTS_MAX + 1];
    int attempts;
    bool answered; /* an instance gave an answer after which there must be no retry */
};

#endif
