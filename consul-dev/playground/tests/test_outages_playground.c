/* The playground's long runs: every scenario passes, and 50 instances with 500 calls a second keep it cheap. */
#include <poll.h>
#include <unistd.h>

#include "fixture.h"

TestSuite(outages_playground, .timeout = 900);

/* --- Scenarios ------------------------------------------------------------------------- */

static bool scenario_has_ended(void *arg)
{
    json_t *state = state_new();
    const char *now = text_in(json_object_get(state, "scenario"), "state");
    bool ended = *now && strcmp(now, "running") != 0;
    (void)arg;
    json_decref(state);
    return ended;
}

static void report_seen(const char *name, const json_t *scenario)
{
    char *seen = json_dumps(json_object_get(scenario, "seen"), JSON_COMPACT);
    REPORT("%s: %s %s", name, text_in(scenario, "state"), seen);
    free(seen);
}

Test(outages_playground, every_scenario_passes, .init = setup, .fini = teardown)
{
    static const char *const names[] = {"rolling-restart", "registry-outage", "redis-lost", "hung-instance", "storm"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"action\":\"scenario\",\"name\":\"%s\"}", names[i]);
        cr_expect_eq(act(body), 200);
        cr_expect(wait_until(scenario_has_ended, NULL, 3 * PATIENCE_MS), "%s", names[i]);
        json_t *state = state_new();
        const json_t *scenario = json_object_get(state, "scenario");
        report_seen(names[i], scenario);
        cr_expect_str_eq(text_in(scenario, "state"), "passed", "%s", names[i]);
        cr_expect_eq(number_in(scenario, "step"), number_in(scenario, "steps"), "%s", names[i]);
        cr_expect_eq(number_in(json_object_get(scenario, "seen"), "failed"), 0, "%s", names[i]);
        json_decref(state);
        await_state(NULL, "passing");
    }
}

/* --- Cost --------------------------------------------------------------------------------- */

enum { INSTANCES = 50, RATE = 500, MEASURED_MS = 10000 };

static int64_t cpu_ms(int pid)
{
    char path[64];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        user = system = 0;
    if (file)
        fclose(file);
    return (int64_t)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

static int64_t calls_of(const json_t *state, const char *member)
{
    const json_t *node;
    size_t i;
    int64_t sum = 0;
    json_array_foreach(json_object_get(state, "nodes"), i, node)
        sum += number_in(node, member);
    return sum;
}

static bool load_is_reached(void *arg)
{
    (void)arg;
    json_t *state = state_new();
    int64_t calls = calls_of(state, "calls");
    json_decref(state);
    return calls >= RATE * 9 / 10;
}

Test(outages_playground, fifty_instances_and_500_calls_stay_cheap, .init = setup, .fini = teardown)
{
    struct stream stream;
    for (int i = 3; i < INSTANCES; i++)
        cr_assert_eq(act("{\"action\":\"add\"}"), 200);
    await_state("user-service-50", "passing");
    await_state(NULL, "passing");
    stream_open(&stream, "");
    cr_expect(stream_await(&stream, "event: history"));
    cr_expect_eq(act("{\"action\":\"load\",\"on\":true,\"rate\":500}"), 200);
    cr_expect(wait_until(load_is_reached, NULL, PATIENCE_MS));

    int64_t before = cpu_ms((int)playground.pid), began = clock_ms();
    while (clock_ms() - began < MEASURED_MS) /* meanwhile the page reads */
        if (!stream_has_more(&stream))
            poll(NULL, 0, 50);
    double percent = 100.0 * (double)(cpu_ms((int)playground.pid) - before) / (double)(clock_ms() - began);
    REPORT("the playground takes %.1f %% of a core with %d instances and %d calls a second", percent, INSTANCES, RATE);
    cr_expect_lt(percent, 20.0); /* the share that it may take together with the page in a browser */
    stream_close(&stream);
}
