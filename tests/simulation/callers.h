/* callers: the state of the simulated callers, and what has been seen of their calls. */
#ifndef SIMULATION_CALLERS_H
#define SIMULATION_CALLERS_H

#include "simulation/process.h"

enum { ATTEMPTS_MAX = 3, WINDOW_S = 10, ID_MAX = 32, STATIC_MAX = 2000 };

/* What a caller has been seen to know of an instance: the witness' notes. */
struct acquaintance {
    bool listed, missing;
    int64_t missing_since_ms;
    int64_t failed_ms;  /* its last call that failed */
    int64_t failed_missing_ms; /* the last that began, and failed, while it was missing */
    int calls_now;      /* that have tried it, and go on */
    int failures, failures_ever; /* in a row; and all of them */
    int64_t fifth_ms;   /* when the last row of five was full; 0: never */
    int64_t ejected_ms; /* when it must have been ejected; 0: it need not be */
    uint64_t ejected_version; /* of the list that was used then */
};

struct sim_caller {
    struct process process;
    struct registry *registries[REGISTRIES_MAX];
    const char *zone;
    char static_instances[STATIC_MAX];
    struct discovery *discovery;
    struct service_client *client;
    struct group calls;
    uint64_t cannot_reach; /* instances, one bit each */
    struct acquaintance known[INSTANCES_MAX];
    const char *source; /* of its list, as last seen */
    uint64_t version, called_version; /* of its list, as last seen; and when a call last went out */
    int64_t called_since_ms; /* with that list */
    /* Calls and retries in each tenth of a second of the last ten seconds. */
    int64_t window_at;
    int calls_in[WINDOW_S * 10], retries_in[WINDOW_S * 10];
};

/* One call, from its first attempt to its end: the witness' notes. */
struct call_record {
    struct sim_caller *caller;
    int64_t begin_ms, deadline;
    struct {
        int instance;
        char id[ID_MAX];
        bool last_resort; /* as far as the witness can tell: it may have been ejected */
    } tried[ATTEMPTS_MAX + 1];
    int attempts;
    bool answered; /* an instance has given an answer that is not to be asked for again */
};

#endif
