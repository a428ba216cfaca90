/* Discovery in virtual time, with fake registries: watch, poll, outages, missing
 * instances, and the order of the sources. */
#include "base/log.h"
#include "base/rand.h"
#include "discovery/merged_list.h"
#include "discovery/tests/fake_registry.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#define expect_no_leak() cr_expect_eq(__lsan_do_recoverable_leak_check(), 0)
#else
#define expect_no_leak() ((void)0)
#endif

enum { TTL_MS = 30000, RETRY_CAP_MS = 5000 };

static struct fake_registry consul, etcd;
static struct discovery *discovery;
static struct discovery_config config;

static void setup(void)
{
    clock_make_virtual(100000);
    rand_seed(7);
    log_set_level(LOG_ERROR);
    fake_init(&consul, &fake_consul_ops, "a b c");
    fake_init(&etcd, &fake_etcd_ops, "a b c");
    static struct registry *registries[2];
    registries[0] = &consul.registry;
    registries[1] = &etcd.registry;
    config = (struct discovery_config){
        .registries = registries, .registry_count = 1, .ttl_ms = TTL_MS, .retry_cap_ms = RETRY_CAP_MS,
        .static_instances = "", .snapshot_dir = "",
    };
}

static void teardown(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
    expect_no_leak();
}

TestSuite(discovery, .init = setup, .fini = teardown, .timeout = 300);

/* --- Helpers: a test runs in a fiber, between start and stop ---------------------------------- */

static void (*body_of_test)(void);

static void run_fiber(void *arg)
{
    (void)arg;
    discovery = discovery_new(&config);
    cr_expect_eq(discovery_watch(discovery, "user-service"), 0);
    body_of_test();
    discovery_stop(discovery);
    discovery_free(discovery);
}

static void run(void (*body)(void))
{
    body_of_test = body;
    loop_run_virtual(run_fiber, NULL);
}

/* The list in use: "a b c?"; '?' marks a missing instance; "none" without a list. */
static const char *known(void)
{
    static char line[512];
    struct discovery_view view;
    cr_expect_eq(discovery_look(discovery, "user-service", &view), 0);
    if (!view.list)
        return "none";
    line[0] = '\0';
    for (size_t i = 0; i < view.list->count; i++) {
        strcat(line, i ? " " : "");
        strcat(line, view.list->at[i].id);
        strcat(line, view.missing && view.missing[i] ? "?" : "");
    }
    return line;
}

static const char *source(void)
{
    struct discovery_view view;
    discovery_look(discovery, "user-service", &view);
    return view.source;
}

static int64_t age(void)
{
    struct discovery_view view;
    discovery_look(discovery, "user-service", &view);
    return view.age_ms;
}

/* Waits until the list in use is `list`, for at most most_ms. */
static bool becomes(const char *list, int64_t most_ms)
{
    int64_t give_up = deadline_in(most_ms);
    while (strcmp(known(), list) != 0 && clock_ms() < give_up)
        fiber_sleep(10);
    cr_expect_str_eq(known(), list);
    return strcmp(known(), list) == 0;
}

/* --- The first list ---------------------------------------------------------------------------- */

static void first_call(void)
{
    struct discovery_view view;
    struct err err = ERR_INIT;
    cr_expect_eq(discovery_get(discovery, "user-service", deadline_in(3000), &view, &err), 0);
    cr_expect_eq(view.list->count, 3);
    cr_expect_str_eq(view.source, "consul");
    cr_expect_null(view.last_error);
}

Test(discovery, first_call_waits_for_first_list)
{
    run(first_call);
}

static void registry_down_at_start(void)
{
    struct discovery_view view;
    struct err err = ERR_INIT;
    int64_t began = clock_ms();
    cr_expect_eq(discovery_get(discovery, "user-service", deadline_in(3000), &view, &err), -1);
    cr_expect_eq(clock_ms(), began);
    cr_expect_str_eq(err.text, "cannot query consul: connection refused");
    cr_expect_str_eq(view.source, "");
    consul.mode = FAKE_GOOD;
    becomes("a b c", RETRY_CAP_MS + 100);
}

Test(discovery, registry_down_at_start_fails_first_call_at_once)
{
    consul.mode = FAKE_REFUSES;
    run(registry_down_at_start);
}

static void first_call_hangs(void)
{
    struct discovery_view view;
    struct err err = ERR_INIT;
    int64_t began = clock_ms();
    cr_expect_eq(discovery_get(discovery, "user-service", deadline_in(500), &view, &err), -1);
    cr_expect_eq(clock_ms(), began + 500);
}

Test(discovery, first_call_waits_no_longer_than_its_deadline)
{
    consul.mode = FAKE_HANGS;
    run(first_call_hangs);
}

/* --- Watch and poll ------------------------------------------------------------------------------ */

static void change_shows(void)
{
    becomes("a b c", 1000);
    fiber_sleep(2000);
    int64_t began = clock_ms();
    fake_set(&consul, "a b c d");
    becomes("a b c d", 1000);
    cr_expect_leq(clock_ms() - began, 20);
    fake_set(&consul, "a c d"); /* one of four is lost: believed at once */
    becomes("a c d", 600);
}

Test(discovery, single_change_appears_at_once)
{
    run(change_shows);
}

static void unchanged_list(void)
{
    becomes("a b c", 1000);
    for (int i = 0; i < 600; i++) {
        fiber_sleep(1000);
        cr_expect_str_eq(source(), "consul");
        cr_expect_leq(age(), TTL_MS / 3);
    }
    cr_expect_leq(consul.queries, 63); /* one every ten seconds */
}

Test(discovery, unchanged_list_is_confirmed_within_ttl)
{
    run(unchanged_list);
}

static void prompt_registry(void)
{
    fiber_sleep(60000);
    cr_expect_leq(consul.queries, 122);
    cr_expect_geq(consul.queries, 115);
    for (int i = 2; i < consul.queries; i++)
        cr_expect_geq(consul.queried_at[i] - consul.queried_at[i - 2], 500);
    struct discovery_view view;
    discovery_look(discovery, "user-service", &view);
    cr_expect_eq(view.version, 1); /* the list has never changed */
}

Test(discovery, prompt_registry_gets_two_queries_a_second)
{
    consul.mode = FAKE_PROMPT;
    run(prompt_registry);
}

static void poll(void)
{
    becomes("a b c", 1000);
    fiber_sleep(600000);
    cr_expect_str_eq(source(), "consul");
    cr_expect_leq(consul.queries, 52);
    cr_expect_geq(consul.queries, 34);
    for (int i = 0; i < consul.queries; i++)
        cr_expect_eq(consul.waited[i], 0);
}

Test(discovery, poll_queries_every_half_ttl_without_waiting)
{
    config.mode = DISCOVERY_POLL;
    run(poll);
}

/* --- The registry fails ----------------------------------------------------------------------------- */

static void hour_long_outage(void)
{
    becomes("a b c", 1000);
    consul.mode = FAKE_REFUSES;
    wait_queue_wake_all(&consul.changed);
    fiber_sleep(100);
    int queries_before = consul.queries;
    for (int64_t past = 0; past < 3600000; past += 1000) {
        cr_expect_str_eq(known(), "a b c");
        cr_expect_str_eq(source(), age() <= TTL_MS ? "consul" : "cache");
        fiber_sleep(1000);
    }
    cr_expect_gt(age(), 3599000);
    struct discovery_view view;
    discovery_look(discovery, "user-service", &view);
    cr_expect_str_eq(view.last_error, "cannot query consul: connection refused");
    cr_expect_leq(consul.queries - queries_before, 3600 / 4 + 10);

    consul.mode = FAKE_GOOD;
    int64_t began = clock_ms();
    while (strcmp(source(), "consul") != 0)
        fiber_sleep(10);
    cr_expect_leq(clock_ms() - began, RETRY_CAP_MS);
    discovery_look(discovery, "user-service", &view);
    cr_expect_null(view.last_error);
    cr_expect_lt(view.age_ms, 100);
}

Test(discovery, hour_long_outage_ages_list_but_keeps_it)
{
    run(hour_long_outage);
}

static void hung_registry(void)
{
    becomes("a b c", 1000);
    for (int i = 0; i < 50; i++) {
        fiber_sleep(20000);
        consul.mode = FAKE_HANGS;
        fiber_sleep((int64_t)rand_below(60000));
        consul.mode = FAKE_GOOD;
        fake_set(&consul, i % 2 ? "a b c" : "a b c d");
        becomes(i % 2 ? "a b c" : "a b c d", 15000);
    }
}

Test(discovery, hung_registry_is_in_use_again_within_15_s)
{
    run(hung_registry);
}

static void no_wait_after_failure(void)
{
    becomes("a b c", 1000);
    consul.mode = FAKE_HANGS;
    fiber_sleep(60000);
    int queries_before = consul.queries;
    consul.mode = FAKE_GOOD;
    fiber_sleep(60000);
    cr_expect_eq(consul.waited[queries_before - 1], 0);
    cr_expect_eq(consul.waited[queries_before], 0);
    cr_expect_eq(consul.waited[queries_before + 1], TTL_MS / 3);
}

Test(discovery, query_after_failure_does_not_wait_for_change)
{
    run(no_wait_after_failure);
}

/* --- Missing instances ---------------------------------------------------------------------------------- */

static void fail_call(const char *id)
{
    struct discovery_view view;
    cr_assert_eq(discovery_look(discovery, "user-service", &view), 0);
    const struct instance *instance = instance_list_find(view.list, id);
    cr_assert_not_null(instance, "%s", id);
    discovery_report_failure(discovery, "user-service", instance, false);
}

static void sudden_empty(void)
{
    becomes("a b c", 1000);
    fake_set(&consul, "");
    becomes("a? b? c?", 1000);
    int64_t began = clock_ms();
    fiber_sleep(30000);
    fake_set(&consul, "b");
    becomes("a? b c?", 1000);
    fail_call("b"); /* a call to it failed, but it is not missing */
    cr_expect_str_eq(known(), "a? b c?");
    fail_call("c");
    cr_expect_str_eq(known(), "a? b");
    becomes("b", 40000);
    cr_expect_float_eq((double)(clock_ms() - began), MERGED_LIST_MISSING_MS, 1000);
}

Test(discovery, empty_list_keeps_known_instances)
{
    run(sudden_empty);
}

static void lost_most(void)
{
    becomes("a b c", 1000);
    fake_set(&consul, "a");
    becomes("a b? c?", 1000);
    fake_set(&consul, "a b c");
    becomes("a b c", 1000);
    fake_set(&consul, "a b");
    becomes("a b", 1000);
    fake_set(&consul, "a");
    becomes("a", 1000);
    fake_set(&consul, "");
    becomes("a?", 1000);
    fail_call("a");
    cr_expect_str_eq(known(), "");
    cr_expect_str_eq(source(), "consul");
}

Test(discovery, loss_of_half_or_less_is_believed_at_once)
{
    run(lost_most);
}

static void nodes_lost(void)
{
    becomes("a b c", 1000);
    fake_set(&consul, "a#n1:9001 a#n2:9002 a#n3:9003 b c");
    becomes("a a a b c", 1000);
    fake_set(&consul, "a#n2:9002");
    becomes("a? a a? b? c?", 1000);
    fail_call("a"); /* the first of them, at n1 */
    cr_expect_str_eq(known(), "a a? b? c?");
}

Test(discovery, one_id_at_two_nodes_is_lost_at_one)
{
    run(nodes_lost);
}

static void dead_nodes_leave(void)
{
    becomes("a b c", 1000);
    fake_set(&consul, "a#n1 a#down:1 b#n1 b#down:2 c#down:3");
    becomes("a a b b c", 1000);
    fake_set(&consul, "a#n1 a#down:1");
    fiber_sleep(1000);
    cr_expect_str_eq(known(), "a a", "half of the living ones: believed, whatever else left");
    fake_set(&consul, "a#down:1");
    becomes("a a?", 1000); /* all living ones: not believed, although the list still has an entry */
    fail_call("a");
    fake_set(&consul, "");
    becomes("a?", 1000); /* all nodes are down, and may be up again */
}

Test(discovery, dead_nodes_entry_does_not_count_as_lost)
{
    run(dead_nodes_leave);
}

static void node_changes(void)
{
    becomes("a b c", 1000);
    fake_set(&consul, "a#n1 b#n1 c#n1"); /* as when etcd's list is followed by Consul's */
    fiber_sleep(1000);
    cr_expect_str_eq(known(), "a b c");
    fake_set(&consul, "a#n2:9001 b#n2:9002 c#n2:9003");
    fiber_sleep(1000);
    cr_expect_str_eq(known(), "a b c", "moved, not lost");
}

Test(discovery, lone_id_stays_itself_on_another_node)
{
    run(node_changes);
}

static void same_address(void)
{
    becomes("a b c", 1000);
    fake_set(&consul, "x:8097 y:8098"); /* the ports of a and b: they restarted with new ids */
    becomes("c? x y", 1000);
}

Test(discovery, instance_at_same_address_replaces_missing_one)
{
    run(same_address);
}

static void many_fail(void)
{
    char ids[1024] = "";
    for (int i = 0; i < 100; i++)
        sprintf(ids + strlen(ids), "i%02d:%d ", i, 9000 + i);
    fake_set(&consul, ids);
    fiber_sleep(1000);
    fake_set(&consul, "");
    fiber_sleep(1000);
    struct discovery_view view;
    discovery_look(discovery, "user-service", &view);
    cr_expect_eq(view.list->count, 100);
    uint64_t version = view.version;
    for (int i = 0; i < 100; i++) {
        char id[8];
        snprintf(id, sizeof id, "i%02d", i);
        fail_call(id);
        discovery_look(discovery, "user-service", &view);
    }
    fiber_sleep(100);
    discovery_look(discovery, "user-service", &view);
    cr_expect_eq(view.list->count, 0);
    cr_expect_lt(view.version - version, 60);
}

Test(discovery, failed_missing_instances_are_removed_in_batches)
{
    run(many_fail);
}

/* --- Sources ------------------------------------------------------------------------------------------------- */

static void static_list(void)
{
    struct discovery_view view;
    struct err err = ERR_INIT;
    cr_expect_eq(discovery_get(discovery, "user-service", deadline_in(3000), &view, &err), 0);
    cr_expect_str_eq(view.source, "static");
    cr_expect_str_eq(known(), "127.0.0.1:8001 [::1]:8002 host:80");
    cr_expect_eq(view.list->at[1].port, 8002);
    cr_expect_str_eq(view.list->at[1].address, "::1");
    consul.mode = FAKE_GOOD;
    becomes("a b c", RETRY_CAP_MS + 100); /* static instances are not kept as missing */
    cr_expect_str_eq(source(), "consul");
}

Test(discovery, static_list_is_last_resort)
{
    config.static_instances = "other=1.2.3.4:5;user-service=127.0.0.1:8001,[::1]:8002,host:80";
    consul.mode = FAKE_REFUSES;
    run(static_list);
}

static void expect_any_registry_up(bool expected, const char *expected_failing)
{
    char failing[200];
    cr_expect_eq(discovery_any_registry_up(discovery, "user-service", failing, sizeof failing), expected);
    cr_expect_str_eq(failing, expected_failing);
}

static void back_and_empty(void)
{
    fiber_sleep(3000);
    cr_expect_str_eq(source(), "static");
    fake_set(&consul, "");
    consul.mode = FAKE_GOOD;
    becomes("10.0.0.1:8001? 10.0.0.1:8002? 10.0.0.1:8003?", RETRY_CAP_MS + 100);
    cr_expect_str_eq(source(), "consul");
    fake_set(&consul, "a:8002");
    becomes("10.0.0.1:8001? 10.0.0.1:8003? a", 1000);
    fail_call("10.0.0.1:8003");
    cr_expect_str_eq(known(), "10.0.0.1:8001? a");
    fiber_sleep(MERGED_LIST_MISSING_MS);
    cr_expect_str_eq(known(), "a");
}

Test(discovery, empty_list_after_outage_keeps_static_instances)
{
    config.static_instances = "user-service=10.0.0.1:8001,10.0.0.1:8002,10.0.0.1:8003";
    consul.mode = FAKE_REFUSES;
    run(back_and_empty);
}

static void empty_from_the_start(void)
{
    fiber_sleep(1000);
    cr_expect_str_eq(source(), "consul");
    cr_expect_str_eq(known(), "");
}

Test(discovery, empty_registry_that_never_failed_is_believed)
{
    config.static_instances = "user-service=127.0.0.1:8001";
    fake_set(&consul, "");
    run(empty_from_the_start);
}

static void two_registries(void)
{
    becomes("a b c", 1000);
    cr_expect_str_eq(source(), "consul");
    expect_any_registry_up(true, "");
    consul.mode = FAKE_HANGS;
    fake_set(&etcd, "a b c d");
    fiber_sleep(1000);
    cr_expect_str_eq(known(), "a b c");
    fiber_sleep(TTL_MS + 1000);
    cr_expect_str_eq(source(), "etcd");
    cr_expect_str_eq(known(), "a b c d");
    expect_any_registry_up(true, "cannot query consul: timed out");
    etcd.mode = FAKE_REFUSES;
    wait_queue_wake_all(&etcd.changed);
    fiber_sleep(TTL_MS + 1000);
    cr_expect_str_eq(source(), "cache");
    cr_expect_str_eq(known(), "a b c d"); /* the newer one of two stale lists */
    expect_any_registry_up(false, "cannot query consul: timed out; cannot query etcd: connection refused");
    consul.mode = FAKE_GOOD;
    fiber_sleep(15000);
    cr_expect_str_eq(source(), "consul");
    cr_expect_str_eq(known(), "a b c");
}

Test(discovery, second_registry_takes_over_when_first_is_stale)
{
    config.registry_count = 2;
    run(two_registries);
}

static void empty_takeover(void)
{
    becomes("a b c", 1000);
    consul.mode = FAKE_HANGS;
    fake_set(&etcd, ""); /* it has lost its state, too */
    fiber_sleep(TTL_MS + 12000);
    cr_expect_str_eq(source(), "etcd");
    cr_expect_str_eq(known(), "a? b? c?");
}

Test(discovery, empty_second_registry_keeps_known_instances)
{
    config.registry_count = 2;
    run(empty_takeover);
}

Test(discovery, static_instances_are_checked)
{
    static const char *const bad[] = {"x", "=1.2.3.4:5", "s=", "s=host", "s=host:0", "s=host:65536", "s=1.2.3.4:5,",
                                      "s=::1:80", "s=[]:80", "s=[::1:80", "s=a b:80", "s=h:80;", "s=h:8 0",
                                      ".=h:80", "..=h:80", "a/b=h:80", "s=..:80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(discovery_check_static(bad[i]), -1, "%s", bad[i]);
    cr_expect_eq(discovery_check_static(""), 0);
    cr_expect_eq(discovery_check_static("s=127.0.0.1:1,my-host.example:65535;t=[fe80::1]:80"), 0);
}
