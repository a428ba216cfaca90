/* Timing: how long a watch waits, and that calls do not wait for it. */
#include "base/log.h"
#include "base/rand.h"
#include "discovery/tests/fake_registry.h"

enum { TTL_MS = 30000 };

static struct fake_registry consul;
static struct discovery *discovery;

static void setup(void)
{
    clock_make_virtual(100000);
    rand_seed(7);
    log_set_level(LOG_ERROR);
    fake_init(&consul, &fake_consul_ops, "a b c");
}

static void teardown(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(watch, .init = setup, .fini = teardown, .timeout = 300);

static void run_fiber(void *body)
{
    struct registry *registries[] = {&consul.registry};
    const struct discovery_config config = {.registries = registries, .registry_count = 1, .ttl_ms = TTL_MS,
                                            .retry_cap_ms = 5000, .static_instances = "", .snapshot_dir = ""};
    discovery = discovery_new(&config);
    cr_expect_eq(discovery_watch(discovery, "user-service"), 0);
    ((void (*)(void))body)();
    discovery_stop(discovery);
    discovery_free(discovery);
}

static void run(void (*body)(void))
{
    loop_run_virtual(run_fiber, (void *)body);
}

/* Waits up to a sixteenth longer, as Consul does to spread its replies. */
static int fetch_with_jitter(struct registry *registry, const char *service, struct registry_cursor *cursor,
                             int64_t wait_ms, int64_t deadline, struct instance_list **list, struct err *err)
{
    int64_t took_ms = wait_ms + wait_ms / 16;
    (void)registry, (void)service;
    consul.queries++;
    if (deadline_in(took_ms) >= deadline) {
        fiber_sleep(deadline_left(deadline));
        return err_set(err, ERR_TIMEOUT, "timed out");
    }
    fiber_sleep(took_ms);
    cursor->index = 7;
    *list = fake_list("a b c", 0, INSTANCE_PASSING);
    return 0;
}

static void watch_for_an_hour(void)
{
    struct discovery_view view;
    for (int i = 0; i < 3600; i++) {
        fiber_sleep(1000);
        discovery_look(discovery, "user-service", &view);
        cr_expect_null(view.last_error, "%s", view.last_error);
        cr_expect_str_eq(view.source, "consul");
    }
    cr_expect_leq(consul.queries, 360);
}

Test(watch, blocking_query_may_take_a_sixteenth_longer)
{
    static const struct registry_ops ops = {.kind = "consul", .fetch = fetch_with_jitter};
    consul.registry.ops = &ops;
    run(watch_for_an_hour);
}

static void look_while_it_hangs(void)
{
    struct discovery_view view;
    struct err err = ERR_INIT;
    cr_expect_eq(discovery_get(discovery, "user-service", deadline_in(3000), &view, &err), 0);
    consul.mode = FAKE_HANGS;
    for (int i = 0; i < 600; i++) { /* first fresh, then stale */
        int64_t began = clock_ms();
        cr_expect_eq(discovery_get(discovery, "user-service", deadline_in(3000), &view, &err), 0);
        cr_expect_eq(clock_ms(), began);
        cr_expect_eq(view.list->count, 3);
        fiber_sleep(1000);
    }
    cr_expect_str_eq(view.source, "cache");
}

Test(watch, no_call_waits_for_registry_once_list_is_known)
{
    run(look_while_it_hangs);
}

static const char *source_now(void)
{
    struct discovery_view view;
    discovery_look(discovery, "user-service", &view);
    return view.source;
}

static void change_ttl(void)
{
    fiber_sleep(1000);
    cr_expect_eq(consul.waited[consul.queries - 1], TTL_MS / 3);
    fiber_sleep(5000); /* since the list was confirmed; the query goes on waiting */
    cr_expect_str_eq(source_now(), "consul");
    discovery_set_ttl(discovery, 3000);
    cr_expect_str_eq(source_now(), "cache");
    fiber_sleep(TTL_MS / 3);
    cr_expect_str_eq(source_now(), "consul");
    cr_expect_eq(consul.waited[consul.queries - 1], 1000);
}

Test(watch, new_ttl_holds_at_once_and_for_the_next_query)
{
    run(change_ttl);
}
