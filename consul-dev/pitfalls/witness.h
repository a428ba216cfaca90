/* witness: a thread on one machine that writes to the Consul server there and reads from it, in each consistency mode,
 * and keeps the results.
 *
 * All witnesses read the same key, the clock, which one of them (the one with the pen) sets to 1, 2, 3 and so on. So a
 * read is old if Consul had confirmed a later value before the read began.
 */
#ifndef PITFALLS_WITNESS_H
#define PITFALLS_WITNESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "network.h"

enum phase { BETWEEN, BEFORE, PARTITION, AFTER, PHASES }; /* what happens in between is in no table */
enum mode { DEFAULT, CONSISTENT, STALE, MODES };
enum { WRITES_MAX = 1000, TICKS_MAX = 2000 };

struct reads {
    int current, old, refused;
    int64_t oldest_ms;
};

/* What happened in one phase. A request that began in one and ended in another counts in none. */
struct tally {
    int accepted, refused; /* writes */
    struct reads reads[MODES];
};

/* Shared by all witnesses. */
struct clock_key {
    atomic_int newest;                       /* confirmed by Consul */
    _Atomic int64_t confirmed_ms[TICKS_MAX]; /* when each value was */
    atomic_int phase;                        /* enum phase */
};

struct witness {
    const struct network *network;
    struct clock_key *clock;
    int machine;
    const char *url; /* of the Consul server */
    atomic_bool has_pen;

    /* After witness_stop(): */
    struct tally tally[PHASES];
    struct write { /* of a key of its own: key_of() */
        bool accepted;
        enum phase phase; /* when it began */
    } writes[WRITES_MAX];
    int write_count;

    pthread_t thread;
    atomic_bool stop;
    bool runs;
};

int witness_start(struct witness *witness, struct err *err);
void witness_stop(struct witness *witness); /* may be called twice */

/* The key of a write: pitfall/<machine>-<number>. */
const char *witness_key(int machine, int number, char out[48]);

#endif
