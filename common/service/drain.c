#include "service/drain.h"

#include "base/clock.h"
#include "base/log.h"
#include "loop/sync.h"

enum { QUIET_MS = 1000 }; /* no request for so long: nobody knows us any more */

static void wait_until_quiet(const struct http_server *server, int64_t deadline)
{
    int64_t start = clock_ms();
    for (;;) {
        int64_t last = http_server_last_call_ms(server);
        int64_t quiet_at = deadline_min((last > start ? last : start) + QUIET_MS, deadline);
        int64_t left = deadline_left(quiet_at);
        if (left == 0 || fiber_sleep(left) != 0)
            return;
    }
}

struct leave {
    struct membership *membership;
    int64_t deadline;
};

static void leave(void *arg)
{
    struct leave *order = arg;
    membership_leave(order->membership, order->deadline);
}

void drain_run(struct http_server *server, struct health *health, struct membership *membership, int64_t timeout_ms)
{
    int64_t start = clock_ms();
    int64_t deadline = deadline_in(timeout_ms);
    log_info("draining", log_i("timeout_ms", timeout_ms));
    health_drain(health);
    http_server_drain(server);

    struct group group = {0};
    struct leave order = {membership, deadline};
    if (group_go(&group, leave, &order) != 0)
        leave(&order);
    wait_until_quiet(server, deadline);

    http_server_stop_listening(server);
    log_info("not_listening", log_i("in_flight", (int64_t)http_server_in_flight(server)));
    bool whole = http_server_close(server, deadline);
    group_join(&group);
    log_info("drained", log_i("ms", clock_ms() - start), log_s("cut_off", whole ? "no" : "yes"));
}
