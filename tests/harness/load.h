/* load: steady traffic from outside, while a story unfolds.
 *
 * A few threads, each with one keep-alive connection, ask for users at an even
 * pace and count what came back. It says what a user would have noticed: how
 * many requests failed, and how long the slowest took. Not a benchmark.
 */
#ifndef HARNESS_LOAD_H
#define HARNESS_LOAD_H

#include <stdint.h>

struct load;

struct load_count {
    uint64_t ok, failed;
    uint64_t slow; /* of both: took longer than LOAD_SLOW_MS */
    int64_t slowest_ms;
    char first_failure[200]; /* "" where none failed */
};

enum {
    LOAD_USERS = 1000,  /* ids 1 to this are asked for */
    LOAD_SLOW_MS = 750, /* who took so long has waited for something */
};

/* Asks url_prefix + a random id, with `threads` connections, each `per_second`
 * times a second. NULL where a thread cannot be started. */
struct load *load_start(const char *url_prefix, int threads, int per_second);
/* What happened since the start or since the last call of this. */
void load_take(struct load *load, struct load_count *count);
/* Ends the threads, and says what happened since the last take. Frees. */
void load_stop(struct load *load, struct load_count *count);

#endif
