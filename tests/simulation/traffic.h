/* traffic: what a simulated registry receives and sends, in total and in the busiest second. */
#ifndef SIMULATION_TRAFFIC_H
#define SIMULATION_TRAFFIC_H

#include <stdint.h>

struct flow {
    uint64_t total;
    uint64_t peak;      /* the most in one second of the virtual clock */
    uint64_t in_second; /* so far, in the current one */
    int64_t second;
};

struct traffic {
    struct flow registrations; /* received */
    struct flow queries;       /* for the list; received */
    struct flow entries;       /* of lists; sent. An answer that only confirms the list has all of them, too */
    uint64_t changed_lists;    /* answers with another list than the caller has */
};

void flow_add(struct flow *flow, uint64_t count);

#endif
