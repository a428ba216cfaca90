/* Ejection for the failure rate, on real connections: an instance answers every second request with 500, so that it
 * never fails five times in a row. */
#include "base/clock.h"
#include "fault_case.h"
#include "known_list.h"

TestSuite(failure_rate, .timeout = 300);

enum {
    PER_SECOND = 50,
    OUT_MS = 10000,   /* by docs/reference.md */
    SLACK_MS = 10000, /* if a busy machine makes fewer calls, it takes one or two intervals more */
    CALLS_ALIKE = 300, /* to each instance: at least two whole intervals */
};

static struct service orders;
static struct load *load;

static void setup(void)
{
    char instances[160];
    take_folder();
    start_upstreams();
    snprintf(instances, sizeof instances, "STATIC_INSTANCES=user-service=127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d",
             upstreams[0].port, upstreams[1].port, upstreams[2].port);
    start_caller(&orders, (const char *const[]){instances, NULL});
    load = load_caller(&orders, PER_SECOND);
}

static void stop(void)
{
    cr_expect_eq(service_stop(&orders), 0);
    stop_upstreams();
    folder_remove(&world.folder);
}

static int64_t calls_to(int i)
{
    json_t *counts = stand_in_requests(&upstreams[i]);
    int64_t calls = number_of(counts, "users");
    json_decref(counts);
    return calls;
}

static bool all_are_called(void *arg)
{
    const int64_t *calls = arg;
    for (int i = 0; i < UPSTREAMS; i++)
        if (calls_to(i) < *calls)
            return false;
    return true;
}

static bool one_is_ejected(void *arg)
{
    (void)arg;
    struct list_state state;
    return read_state(&orders, &state) && state.ejected == 1;
}

/* What order-service says at this path contains the text. */
static bool says(const char *path, const char *text)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    bool so = probe_get(NULL, service_url(&orders, path, url), &reply) == 200 && strstr(buf_text(&reply.body), text);
    if (!so)
        fprintf(stderr, "%s: %s\n", path, buf_text(&reply.body));
    probe_reply_close(&reply);
    return so;
}

Test(failure_rate, one_that_fails_every_second_call_is_out, .init = setup)
{
    struct load_count count;
    cr_assert(wait_until(all_are_called, &(int64_t){1}, UP_MS), "the services do not start");
    load_take(load, &count);
    int64_t began_ms = clock_ms();
    stand_in_switch(&upstreams[1], "every-second");
    cr_expect(wait_until(one_is_ejected, NULL, UP_MS), "it is never ejected");
    int64_t took_ms = clock_ms() - began_ms;
    fprintf(stderr, "    measured: ejected after %lld ms and %lld calls\n", (long long)took_ms, (long long)calls_to(1));
    cr_expect_leq(took_ms, OUT_MS + SLACK_MS, "%lld ms", (long long)took_ms);
    cr_expect(says("/discovery/explain?service=user-service", "of its calls failed in 5 s, 0 % of the others'"));
    cr_expect(says("/metrics", "\ninstance_ejections_total{service=\"user-service\",cause=\"failure_rate\"} 1\n"));
    load_stop(load, &count);
    cr_expect_eq(count.failed, 0, "%llu failed, first %s", (unsigned long long)count.failed, count.first_failure);
    stop();
}

Test(failure_rate, three_that_fail_alike_stay, .init = setup)
{
    struct load_count count;
    cr_assert(wait_until(all_are_called, &(int64_t){1}, UP_MS), "the services do not start");
    for (int i = 0; i < UPSTREAMS; i++)
        stand_in_switch(&upstreams[i], "every-second");
    cr_expect(wait_until(all_are_called, &(int64_t){CALLS_ALIKE}, UP_MS), "calls do not go on");
    cr_expect(says("/metrics", "\ninstance_ejections_total{service=\"user-service\",cause=\"failure_rate\"} 0\n"));
    load_stop(load, &count);
    stop();
}
