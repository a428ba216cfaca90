/* The registration storm (the lesson's pitfall 2): an agent restarts without its state,
 * and all instances register again at once. A hundred real user-services run, with and
 * without the random delay, and the requests are counted in the agent's log. They use
 * SERVICE_CHECK=tcp and no database: one PostgreSQL could not serve a hundred of them,
 * and the test does not need it.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "harness/agent_log.h"
#include "harness/view.h"

TestSuite(outages_storm, .timeout = 400);

enum {
    FLEET = 100,
    RECONCILE_MS = 5000,   /* the programs' default */
    FIRST_CHECK_MS = 1000, /* CHECK_INTERVAL */
    SLACK_MS = 30000,      /* a hundred processes on a busy machine */
};

static struct world world; /* only its folder and its Consul */
static struct service fleet[FLEET];
static struct err err;

/* --- The requests in the agent's log ---------------------------------------------------------- */

/* Prints a bar for each second. */
static void draw(const struct agent_requests *requests)
{
    int next = 0;
    for (int second = 0; next < requests->count; second++) {
        int before = next;
        while (next < requests->count && requests->at_ms[next] - requests->at_ms[0] < (second + 1) * 1000)
            next++;
        fprintf(stderr, "    %4d s %4d %.*s\n", second, next - before, next - before,
                "####################################################################################################");
    }
}

/* --- The fleet -------------------------------------------------------------------------------- */

static void start_fleet(const char *jitter)
{
    const char *const env[] = {jitter,
                               "RECONCILE_INTERVAL=5s",
                               "SERVICE_CHECK=tcp",
                               "DATABASE_URL=postgresql://lesson:lesson@127.0.0.1:1/lesson",
                               "REDIS_URL=redis://127.0.0.1:1/0",
                               NULL};
    for (int i = 0; i < FLEET; i++)
        cr_assert_eq(service_start(&fleet[i], &world, "user-service", env, &err), 0, "%s", err.text);
}

/* Stops all at once, because each drain takes a second. Each gets only one signal: a second one ends it at once. */
static void stop_fleet(void)
{
    for (int i = 0; i < FLEET; i++)
        proc_signal(&fleet[i].proc, SIGTERM);
    for (int i = 0; i < FLEET; i++)
        cr_expect(proc_wait(&fleet[i].proc, 60000) && fleet[i].proc.status == 0, "%d: %d", i, fleet[i].proc.status);
}

static bool all_are_passing(void *arg)
{
    (void)arg;
    return consul_count(&world.consul, "user-service", true) == FLEET;
}

/* --- The test ------------------------------------------------------------------------------------ */

static struct agent_requests registrations, requests;

static void storm(const char *jitter, int64_t jitter_ms)
{
    int64_t bound_ms = jitter_ms + RECONCILE_MS * 6 / 5 + FIRST_CHECK_MS + SLACK_MS;
    start_fleet(jitter);
    cr_assert(wait_until(all_are_passing, NULL, bound_ms));
    server_kill(&world.consul);
    cr_assert_eq(server_start(&world.consul, &err), 0, "%s", err.text);
    int64_t took_ms = time_until(all_are_passing, NULL, bound_ms);
    cr_expect_geq(took_ms, 0, "%s: not all are back within %lld ms", jitter, (long long)bound_ms);
    server_stop(&world.consul); /* now its log is complete */

    agent_requests_read(&world.consul.proc, "method=PUT url=/v1/agent/service/register", &registrations);
    agent_requests_read(&world.consul.proc, "url=/v1/agent/", &requests);
    /* (An instance registers twice if Consul's reply came too late.) */
    cr_expect(registrations.count >= FLEET && registrations.count <= FLEET * 15 / 10,
              "%s: each registers once, and not %d times", jitter, registrations.count);
    fprintf(stderr, "    %s: registrations in each second after the first\n", jitter);
    draw(&registrations);
    fprintf(stderr, "    %-20s %16s %16s %10s\n", "highest number in", "100 ms", "1 s", "total");
    fprintf(stderr, "    %-20s %16d %16d %10d\n", "registrations", agent_requests_peak(&registrations, 100),
            agent_requests_peak(&registrations, 1000), registrations.count);
    fprintf(stderr, "    %-20s %16d %16d %10d\n", "all their requests", agent_requests_peak(&requests, 100),
            agent_requests_peak(&requests, 1000), requests.count);
    fprintf(stderr, "    all %d passing again after %.1f s\n", FLEET, (double)took_ms / 1000);
    cr_assert_eq(server_start(&world.consul, &err), 0, "%s", err.text); /* so that the fleet can deregister */
    stop_fleet();
}

Test(outages_storm, hundred_lost_instances_register_again_over_time)
{
    cr_assert_eq(folder_take(&world.folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&world.consul, SERVER_CONSUL, &world.folder, &err), 0, "%s", err.text);
    world.consul.options[0] = "-dev";
    world.consul.options[1] = "-log-level=debug"; /* logs a line for each request */
    cr_assert_eq(server_start(&world.consul, &err), 0, "%s", err.text);
    storm("REGISTER_JITTER=0", 0);
    int without = agent_requests_peak(&registrations, 1000);
    storm("REGISTER_JITTER=30s", 30000);
    int with = agent_requests_peak(&registrations, 1000);
    cr_expect_lt(with, without, "%d in a second with the delay, %d without", with, without);
    server_close(&world.consul);
    folder_remove(&world.folder);
}
