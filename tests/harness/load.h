/* load: steady traffic from outside, while a test or the demo causes faults.
 *
 * A few threads, each with one keep-alive connection, request users at an even rate and
 * count the replies. The counts are what a user would notice: how many requests failed,
 * and how long the slowest took. It is not a benchmark.
 */
#ifndef HARNESS_LOAD_H
#define HARNESS_LOAD_H

#include <stdint.h>

struct load;

struct load_count {
    uint64_t ok, failed;
    uint64_t slow; /* of ok and failed together: took longer than LOAD_SLOW_MS */
    int64_t slowest_ms;
    char first_failure[200]; /* "": none failed */
};

enum {
    LOAD_USERS = 1000,  /* requests are for the users 1 to this */
    LOAD_SLOW_MS = 750, /* a request that takes longer has waited for a fault */
};

/* Requests url_prefix + a random id, with `threads` connections, each `per_second`
 * times a second. NULL: cannot start a thread. */
struct load *load_start(const char *url_prefix, int threads, int per_second);
/* The counts since the start or since the last call of load_take(). */
void load_take(struct load *load, struct load_count *count);
/* Ends the threads, returns the counts since the last load_take(), and frees the load. */
void load_stop(struct load *load, struct load_count *count);

#endif
