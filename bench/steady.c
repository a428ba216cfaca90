/* Sends an even load for some seconds, and reports what a user would notice.
 *
 *     bench-steady URL SECONDS      prints: calls, failed ones, for how many ms calls failed, slow ones, slowest in ms
 *
 * wrk sends as fast as it can, so a fault changes its rate. Here the rate stays the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/load.h"

enum { THREADS = 8, PER_SECOND = 25, STEP_MS = 50 };

int main(int argc, char *argv[])
{
    long seconds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    struct load *load = seconds > 0 ? load_start(argv[1], THREADS, PER_SECOND) : NULL;
    if (!load) {
        fprintf(stderr, "usage: bench-steady URL SECONDS\n");
        return 2;
    }
    struct load_count count;
    unsigned long long ok = 0, failed = 0, slow = 0;
    int64_t slowest = 0, first = 0, last = 0;
    for (int64_t begin = clock_ms(), now = begin; now - begin < seconds * 1000; now = clock_ms()) {
        usleep(STEP_MS * 1000);
        load_take(load, &count);
        ok += count.ok;
        failed += count.failed;
        slow += count.slow;
        slowest = count.slowest_ms > slowest ? count.slowest_ms : slowest;
        if (count.failed) {
            first = first ? first : now;
            last = clock_ms();
        }
    }
    load_stop(load, &count);
    printf("%llu %llu %lld %llu %lld\n", ok + failed, failed, (long long)(last - first), slow, (long long)slowest);
    return 0;
}
