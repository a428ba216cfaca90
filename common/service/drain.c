#include "service/drain.h"

#include "base/clock.h"
#include "base/log.h"
#include "loop/sync.h"

/* Quiet: no request in 10 steps of 100 ms. Steps, because a stalled machine (a paused
 * virtual machine) also stalls the callers: a single wait of 1 s could then end before
 * any caller has run again. */
enum { QUIET_STEPS = 10, STEP_MS = 100 };

static void wait_until_quiet(const struct http_server *server, int64_t deadline)
{
    for (int quiet = 0; quiet < QUIET_STEPS && deadline_left(deadline) > 0;) {
        int64_t last = http_server_last_call_ms(server);
        if (fiber_sleep(deadline_left(deadline_min(deadline_in(STEP_MS), deadline))) != 0)
            return;
        quiet = http_server_last_call_ms(server) == last ? quiet + 1 : 0;
    }
}

/* A client that uses no registry never stops, so at DRAIN_TIMEOUT some of its requests have only just come. */
enum { LAST_MS_MAX = 500, LAST_PART = 8 };

static int64_t deadline_of_last_requests(int64_t deadline, int64_t timeout_ms)
{
    int64_t last_ms = timeout_ms / LAST_PART < LAST_MS_MAX ? timeout_ms / LAST_PART : LAST_MS_MAX;
    return deadline_left(deadline) < last_ms ? deadline_in(last_ms) : deadline;
}

struct departure {
    struct registries *registries;
    int64_t deadline;
};

static void deregister(void *arg)
{
    struct departure *departure = arg;
    registries_deregister(departure->registries, departure->deadline);
}

void drain_run(struct http_server *server, struct health *health, struct registries *registries, int64_t timeout_ms)
{
    int64_t start = clock_ms();
    int64_t deadline = deadline_in(timeout_ms);
    log_info("draining", log_i("timeout_ms", timeout_ms));
    health_drain(health);
    http_server_drain(server);

    struct group group = {0};
    struct departure departure = {registries, deadline};
    if (group_go(&group, deregister, &departure) != 0)
        deregister(&departure);
    wait_until_quiet(server, deadline);

    http_server_stop_listening(server);
    log_info("not_listening", log_i("in_flight", (int64_t)http_server_in_flight(server)));
    bool whole = http_server_close(server, deadline_of_last_requests(deadline, timeout_ms));
    group_join(&group);
    log_info("drained", log_i("ms", clock_ms() - start), log_s("cut_off", whole ? "no" : "yes"));
}
