/* Measures the cost of one pick with 3, 100 and 10,000 instances, for each policy. Run
 * it with `make bench BENCH=pick`; it is not a test.
 *
 * As in a real call, each pick is followed by a read of the instance and a report of
 * success. There are 16 different weights and 1,000 keys. In the last line of each policy
 * a tenth of the instances is at the begin of its slow start. It prints the CPU time of
 * the fastest round: other work of the machine can only make a round slower. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "balance/balancer.h"

enum { WEIGHTS = 16, KEYS = 1000, PICKS = 400000, ROUNDS = 7, SLOW_START_MS = 10000 };

static char keys[KEYS][8];

static struct instance_list *list_of(int count)
{
    struct instance_list *list = instance_list_new();
    for (int i = 0; i < count; i++) {
        char id[32];
        snprintf(id, sizeof id, "user-service-%08x", (unsigned)i * 2654435761u);
        struct instance instance = {.id = id, .address = "10.0.0.1", .zone = "", .version = "", .port = 8001,
                                    .weight = 1 + i % WEIGHTS, .warning_weight = 1};
        instance_list_add(list, &instance);
    }
    instance_list_finish(list);
    return list;
}

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Nanoseconds for one pick. */
static double time_picks(struct balancer *balancer)
{
    unsigned sum = 0;
    double begin = cpu_ns();
    for (int i = 0; i < PICKS; i++) {
        struct balance_request request = {.key = keys[i % KEYS]};
        struct balancer_peer *peer = balancer_pick(balancer, &request, 0);
        sum += peer->instance->port;
        balancer_report(balancer, peer, true, 0);
        balancer_release(peer);
    }
    double ns = (cpu_ns() - begin) / PICKS;
    return sum ? ns : 0; /* `sum` is used, so the compiler cannot remove the read of the instance */
}

static void set_most(struct balancer *balancer, int count)
{
    struct instance_list *most = list_of(count - count / 10);
    balancer_update(balancer, most, NULL, 0);
    instance_list_unref(most);
}

static void measure(enum balance_policy policy, const char *name, int count, bool is_slow_start)
{
    struct instance_list *list = list_of(count);
    struct balancer *balancer = balancer_new(&(struct balancer_config){
        .policy = policy, .caller = "", .zone = "", .slow_start_ms = is_slow_start ? SLOW_START_MS : 0});
    if (is_slow_start)
        set_most(balancer, count);
    double begin = cpu_ns();
    balancer_update(balancer, list, NULL, 0);
    double built_ms = (cpu_ns() - begin) / 1e6, best_ns = time_picks(balancer);
    for (int round = 1; round < ROUNDS; round++) {
        double ns = time_picks(balancer);
        if (ns < best_ns)
            best_ns = ns;
    }
    printf("%-16s %6d instances  %6.1f ns a pick  %7.2f ms for a new list%s\n", name, count, best_ns, built_ms,
           is_slow_start ? "  (a tenth in slow start)" : "");
    balancer_free(balancer);
    instance_list_unref(list);
}

int main(void)
{
    static const int counts[] = {3, 100, 10000};
    char names[] = BALANCE_POLICY_NAMES;
    enum balance_policy policy = BALANCE_RANDOM;
    for (int i = 0; i < KEYS; i++)
        snprintf(keys[i], sizeof keys[i], "%d", i + 1);
    for (char *name = strtok(names, "|"); name; name = strtok(NULL, "|"), policy++) {
        for (int i = 0; i < 3; i++)
            measure(policy, name, counts[i], false);
        measure(policy, name, counts[2], true);
    }
    return 0;
}
