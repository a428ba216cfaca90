/* Measures the cost of one pick with 3, 100 and 10,000 instances, for each policy. Run
 * it with `make bench BENCH=pick`; it is not a test.
 *
 * As in a real call, each pick is followed by a read of the instance and a report of
 * success. There are 16 different weights and 1,000 keys. In the last two lines of
 * each policy a tenth of the instances is at the begin of its slow start, or is the canary
 * of a tenth of the users. It prints the CPU time of
 * the fastest round: other work of the machine can only make a round slower. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "balance/sides.h"

enum { WEIGHTS = 16, KEYS = 1000, PICKS = 400000, ROUNDS = 7, SLOW_START_MS = 10000 };

static char keys[KEYS][8];

static struct instance_list *list_of(int count)
{
    struct instance_list *list = instance_list_new();
    for (int i = 0; i < count; i++) {
        char id[32];
        snprintf(id, sizeof id, "user-service-%08x", (unsigned)i * 2654435761u);
        struct instance instance = {.id = id, .address = "10.0.0.1", .zone = "", .version = i % 10 == 0 ? "2.0.0" : "1.0.0",
                                    .port = 8001, .weight = 1 + i % WEIGHTS, .warning_weight = 1};
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
static double time_picks(struct sides *sides)
{
    unsigned sum = 0;
    double begin = cpu_ns();
    for (int i = 0; i < PICKS; i++) {
        struct balance_request request = {.key = keys[i % KEYS]};
        struct balancer_peer *peer = sides_pick(sides, &request, 0);
        sum += peer->instance->port;
        balancer_report(sides_balancer_of(sides, peer), peer, true, 0);
        balancer_release(peer);
    }
    double ns = (cpu_ns() - begin) / PICKS;
    return sum ? ns : 0; /* `sum` is used, so the compiler cannot remove the read of the instance */
}

static void set_most(struct sides *sides, int count)
{
    struct instance_list *most = list_of(count - count / 10);
    sides_update(sides, most, NULL, 0);
    instance_list_unref(most);
}

enum scene { PLAIN, SLOW_START, CANARY };

static void measure(enum balance_policy policy, const char *name, int count, enum scene scene)
{
    static const char *const notes[] = {
        [PLAIN] = "", [SLOW_START] = "  (a tenth in slow start)", [CANARY] = "  (a canary: a tenth of the instances)"};
    const struct balancer_config config = {
        .policy = policy, .caller = "", .zone = "", .slow_start_ms = scene == SLOW_START ? SLOW_START_MS : 0};
    struct route route = {.version = ""};
    struct sides sides;
    struct instance_list *list = list_of(count);
    canary_parse(scene == CANARY ? "version=2.0.0:10%" : "", &route.canary);
    sides_init(&sides, &config, &route);
    if (scene == SLOW_START)
        set_most(&sides, count);
    double begin = cpu_ns();
    sides_update(&sides, list, NULL, 0);
    double built_ms = (cpu_ns() - begin) / 1e6, best_ns = time_picks(&sides);
    for (int round = 1; round < ROUNDS; round++) {
        double ns = time_picks(&sides);
        if (ns < best_ns)
            best_ns = ns;
    }
    printf("%-16s %6d instances  %6.1f ns a pick  %7.2f ms for a new list%s\n", name, count, best_ns, built_ms,
           notes[scene]);
    sides_close(&sides);
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
            measure(policy, name, counts[i], PLAIN);
        measure(policy, name, counts[2], SLOW_START);
        measure(policy, name, counts[2], CANARY);
    }
    return 0;
}
