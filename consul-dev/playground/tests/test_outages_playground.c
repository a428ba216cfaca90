/* The playground's long runs: every scenario passes, and 50 instances with 500 calls a second keep it cheap. */
#include <poll.h>
#include <unistd.h>

#include "scenario.h"

TestSuite(outages_playground, .timeout = 900);

/* --- Scenarios ------------------------------------------------------------------------- */

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
        cr_expect_eq(start_scenario(names[i], "en"), 200);
        json_t *scenario = ended_scenario_new(names[i]);
        report_seen(names[i], scenario);
        cr_expect_str_eq(text_in(scenario, "state"), "passed", "%s", names[i]);
        cr_expect_eq(number_in(scenario, "step"), number_in(scenario, "steps"), "%s", names[i]);
        cr_expect_eq(number_in(json_object_get(scenario, "seen"), "failed"), 0, "%s", names[i]);
        json_decref(scenario);
        await_state(NULL, "passing");
    }
}

static const char *const pitfalls[] = {"pitfall-1", "pitfall-2", "pitfall-3", "pitfall-4", "pitfall-5"};
enum { PITFALLS = 5 };

Test(outages_playground, every_pitfall_passes, .init = setup, .fini = teardown)
{
    static const char *const sentences[] = {"✓ With the shallow check", "✓ 100 个实例同时重新注册",
                                            "✓ TTL 1 s, 10 s, 300 s", "✓ 遇到第一个空列表",
                                            "✓ The minority accepted 0 of"};
    struct stream stream;
    stream_open(&stream, "");
    for (int i = 0; i < PITFALLS; i++) {
        cr_expect_eq(start_scenario(pitfalls[i], i % 2 ? "zh" : "en"), 200);
        json_t *scenario = ended_scenario_new(pitfalls[i]);
        const char *verdict = text_in(scenario, "state");
        bool skipped = i == PITFALLS - 1 && strcmp(verdict, "skipped") == 0; /* it needs rights */
        report_seen(pitfalls[i], scenario);
        cr_expect(skipped || strcmp(verdict, "passed") == 0, "%s: %s", pitfalls[i], verdict);
        cr_expect(skipped || stream_await(&stream, sentences[i]), "%s", sentences[i]);
        json_decref(scenario);
    }
    await_state(NULL, "passing");
    stream_close(&stream);
}

Test(outages_playground, every_stopped_pitfall_leaves_nothing, .init = setup, .fini = teardown)
{
    for (int i = 0; i < PITFALLS; i++) {
        struct pids pids;
        if (!start_pitfall(pitfalls[i], &pids))
            continue;
        cr_expect_eq(act("{\"action\":\"scenario-stop\"}"), 200);
        expect_verdict(pitfalls[i], "stopped");
        expect_nothing_left(&pids);
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
    json_array_foreach(json_object_get(state, "nodes"), i, node) sum += number_in(node, member);
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
    cr_expect(wait_until(load_is_reached, NULL, 3 * PATIENCE_MS));

    int64_t before = cpu_ms((int)playground.pid), began = clock_ms();
    while (clock_ms() - began < MEASURED_MS) /* meanwhile the page reads */
        if (!stream_has_more(&stream))
            poll(NULL, 0, 50);
    double percent = 100.0 * (double)(cpu_ms((int)playground.pid) - before) / (double)(clock_ms() - began);
    REPORT("the playground takes %.1f %% of a core with %d instances and %d calls a second", percent, INSTANCES, RATE);
    cr_expect_lt(percent, 20.0); /* the share that it may take together with the page in a browser */
    stream_close(&stream);
}
