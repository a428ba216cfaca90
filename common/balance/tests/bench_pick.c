/* What one pick costs, with 3, 100 and 10,000 instances. Not a test: `make bench`.
 *
 * Each pick is followed by what a call does with it: a look at the address and a
 * report of success. The weights are of 16 kinds, the keys of 1,000. */
#include <stdio.h>

#include "balance/balancer.h"
#include "base/clock.h"

enum { KINDS = 16, KEYS = 1000, PICKS = 2000000 };

static char keys[KEYS][8];

static struct instance_list *list_of(int count)
{
    struct instance_list *list = instance_list_new();
    for (int i = 0; i < count; i++) {
        char id[32];
        snprintf(id, sizeof id, "user-service-%08x", (unsigned)i * 2654435761u);
        struct instance instance = {.id = id, .address = "10.0.0.1", .zone = "", .version = "", .port = 8001,
                                    .weight = 1 + i % KINDS, .warning_weight = 1};
        instance_list_add(list, &instance);
    }
    instance_list_finish(list);
    return list;
}

static void measure(enum balance_policy policy, const char *name, int count)
{
    struct instance_list *list = list_of(count);
    struct balancer *balancer = balancer_new(policy, "");
    int64_t begin = clock_us();
    balancer_update(balancer, list, NULL);
    int64_t built = clock_us();
    unsigned sum = 0;
    for (int i = 0; i < PICKS; i++) {
        struct balance_request request = {.key = keys[i % KEYS]};
        struct balancer_peer *peer = balancer_pick(balancer, &request, 0);
        sum += peer->instance->port;
        balancer_report(balancer, peer, true, 0);
        balancer_release(peer);
    }
    double pick_ns = (double)(clock_us() - built) * 1000 / PICKS;
    printf("%-16s %6d instances  %6.1f ns a pick  %7.2f ms for a new list%s\n", name, count, pick_ns,
           (double)(built - begin) / 1000, sum ? "" : "!");
    balancer_free(balancer);
    instance_list_unref(list);
}

int main(void)
{
    static const char *const names[] = {"random", "round_robin", "weighted", "consistent_hash"};
    static const int counts[] = {3, 100, 10000};
    for (int i = 0; i < KEYS; i++)
        snprintf(keys[i], sizeof keys[i], "%d", i + 1);
    for (int policy = BALANCE_RANDOM; policy <= BALANCE_CONSISTENT_HASH; policy++)
        for (int i = 0; i < 3; i++)
            measure((enum balance_policy)policy, names[policy], counts[i]);
    return 0;
}
