/* config_watch.c on virtual time, with a center in memory: when it queries, and what an outage changes. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "config/config_watch.h"
#include "loop/fiber.h"
#include "loop/loop.h"

enum { START_MS = 100000, RETRY_CAP_MS = 5000, QUERIES_MAX = 1000 };

static struct center {
    struct config_source base;
    const char *policy; /* the only key; NULL: there is none */
    uint64_t index;
    bool is_down, is_prompt; /* prompt: it never waits */
    struct wait_queue changed;
    int queries;
    uint64_t asked[QUERIES_MAX];
} center;

static int policy, applied;
static struct config_settings settings;
static struct config_watch watch;
static void (*story)(void);

static const struct env_var row = {"T_POLICY", ENV_CHOICE, "weighted", &policy,
                                   .choices = "random|round_robin|weighted"};

enum { RANDOM, ROUND_ROBIN, WEIGHTED };

static int fetch(struct config_source *source, uint64_t index, int64_t wait_ms, int64_t deadline,
                 struct config_entries *entries, struct err *err)
{
    (void)source;
    cr_expect_lt(center.queries, QUERIES_MAX);
    center.asked[center.queries++] = index;
    if (center.is_down)
        return err_set(err, ERR_UNREACHABLE, "cannot read config/test/: connection refused");
    if (index == center.index && !center.is_prompt &&
        wait_queue_park(&center.changed, deadline_min(deadline, deadline_in(wait_ms))) == WAIT_CANCELLED)
        return err_set(err, ERR_CANCELLED, "cancelled");
    if (center.is_down)
        return err_set(err, ERR_BROKEN, "cannot read config/test/: reset");
    entries->index = center.index;
    if (center.policy)
        config_entries_add(entries, "T_POLICY", center.policy, strlen(center.policy));
    return 0;
}

static int apply(void *arg)
{
    (void)arg;
    applied++;
    return 0;
}

static void setup(void)
{
    clock_make_virtual(START_MS);
    rand_seed(7);
    log_set_level(LOG_ERROR);
    center = (struct center){.base = {.name = "test", .fetch = fetch}, .index = 10};
    settings = (struct config_settings){0};
    applied = 0;
    policy = WEIGHTED;
    config_settings_add(&settings, &row, apply, NULL);
    config_watch_init(&watch, &center.base, &settings, RETRY_CAP_MS);
}

static void teardown(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(config_watch, .init = setup, .fini = teardown, .timeout = 300);

static void tell(void *arg)
{
    (void)arg;
    struct group group = {0};
    cr_expect_eq(group_go(&group, config_watch_run, &watch), 0);
    fiber_sleep(1);
    story();
    group_cancel(&group);
    group_join(&group);
}

static void run(void (*body)(void))
{
    story = body;
    loop_run_virtual(tell, NULL);
}

static void put(const char *value, uint64_t index)
{
    center.policy = value;
    center.index = index;
    wait_queue_wake_all(&center.changed);
}

/* Leaves time for two queries, at the watch's pace. */
static void put_and_wait(const char *value, uint64_t index)
{
    put(value, index);
    fiber_sleep(1000);
}

static void put_after_an_hour(void)
{
    fiber_sleep(3600000);
    cr_expect_leq(center.queries, 3600 / 30 + 2, "%d", center.queries);
    put("random", 11);
    fiber_sleep(1);
    cr_expect_eq(policy, RANDOM);
    cr_expect_eq(applied, 1);
}

Test(config_watch, change_is_applied_at_once_and_quiet_costs_little)
{
    run(put_after_an_hour);
}

static void fail_for_an_hour(void)
{
    put_and_wait("random", 11);
    center.is_down = true;
    wait_queue_wake_all(&center.changed);
    int before = center.queries;
    fiber_sleep(3600000);
    int tries = center.queries - before;
    cr_expect(tries > 600 && tries < 1000, "%d tries in an hour", tries);
    cr_expect_eq(center.asked[center.queries - 1], 0, "after a failure a query does not wait");
    cr_expect_eq(policy, RANDOM);
    center.is_down = false;
    fiber_sleep(RETRY_CAP_MS);
    cr_expect_eq(policy, RANDOM);
    put_and_wait("round_robin", 12);
    cr_expect_eq(policy, ROUND_ROBIN);
}

Test(config_watch, outage_changes_nothing_and_ends_within_5_s)
{
    run(fail_for_an_hour);
}

static void delete_and_lose(void)
{
    put_and_wait("random", 11);
    put_and_wait(NULL, 12);
    cr_expect_eq(policy, WEIGHTED, "the key was deleted");
    put_and_wait("random", 13);
    put_and_wait(NULL, 1); /* the index went back: the center starts anew */
    cr_expect_eq(policy, RANDOM);
    put_and_wait(NULL, 20); /* and grows again */
    cr_expect_eq(policy, RANDOM);
}

Test(config_watch, lower_index_means_that_keys_are_lost_not_deleted)
{
    run(delete_and_lose);
}

static void count_prompt(void)
{
    center.is_prompt = true;
    wait_queue_wake_all(&center.changed);
    int before = center.queries;
    fiber_sleep(60000);
    cr_expect_leq(center.queries - before, 2 * 60 + 2, "%d queries in a minute", center.queries - before);
}

Test(config_watch, prompt_center_gets_two_queries_a_second)
{
    run(count_prompt);
}
