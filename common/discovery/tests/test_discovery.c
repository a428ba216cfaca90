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

/* --- Helpers: a test is a fiber between start and stop --------------------------------------- */

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

/* "a b c?": what is known; a '?' behind those that are missing, "none" where nothing is. */
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

/* Waits until the list is this, at most so long. */
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

Test(discovery, the_first_call_waits_for_the_first_answer)
{
    run(first_call);
}

static void first_call_fails(void)
{
    struct discovery_view view;
    struct err err = ERR_INIT;
    int64_t began = clock_ms();
    cr_expect_eq(discovery_get(discovery, "user-service", deadline_in(3000), &view, &err), -1);
    cr_expect_eq(clock_ms(), began);
    cr_expect_str_eq(err.text, "asking consul: connection refused");
    cr_expect_str_eq(view.source, "");
    consul.mode = FAKE_GOOD;
    becomes("a b c", RETRY_CAP_MS + 100);
}

Test(discovery, where_the_registry_is_down_from_the_start_nobody_waits_and_it_is_found_later)
{
    consul.mode = FAKE_REFUSES;
    run(first_call_fails);
}

static void first_call_hangs(void)
{
    struct discovery_view view;
    struct err err = ERR_INIT;
    int64_t began = clock_ms();
    cr_expect_eq(discovery_get(discovery, "user-service", deadline_in(500), &view, &err), -1);
    cr_expect_eq(clock_ms(), began + 500);
}

Test(discovery, the_first_call_waits_no_longer_than_its_deadline)
{
    consul.mode = FAKE_HANGS;
    run(first_call_hangs);
}

/* --- Watching ------------------------------------------------------------------------------------ */

static void change_shows(void)
{
    becomes("a b c", 1000);
    fiber_sleep(2000);
    int64_t began = clock_ms();
    fake_set(&consul, "a b c d");
    becomes("a b c d", 1000);
    cr_expect_leq(clock_ms() - began, 20);
    fake_set(&consul, "a c d"); /* one of four: believed at once */
    becomes("a c d", 600);
}

Test(discovery, a_single_change_shows_at_once)
{
    run(change_shows);
}

static void confirmed(void)
{
    becomes("a b c", 1000);
    for (int i = 0; i < 600; i++) {
        fiber_sleep(1000);
        cr_expect_str_eq(source(), "consul");
        cr_expect_leq(age(), TTL_MS / 3);
    }
    cr_expect_leq(consul.asked, 63); /* one each ten seconds */
}

Test(discovery, a_list_that_stays_the_same_is_confirmed_within_the_ttl)
{
    run(confirmed);
}

static void busy(void)
{
    fiber_sleep(60000);
    cr_expect_leq(consul.asked, 122);
    cr_expect_geq(consul.asked, 115);
    for (int i = 2; i < consul.asked; i++)
        cr_expect_geq(consul.asked_at[i] - consul.asked_at[i - 2], 500);
    struct discovery_view view;
    discovery_look(discovery, "user-service", &view);
    cr_expect_eq(view.version, 1); /* the same list again and again: nobody need look */
}

Test(discovery, a_registry_that_answers_at_once_is_asked_twice_a_second_at_most)
{
    consul.mode = FAKE_PROMPT;
    run(busy);
}

static void polled(void)
{
    becomes("a b c", 1000);
    fiber_sleep(600000);
    cr_expect_str_eq(source(), "consul");
    cr_expect_leq(consul.asked, 52);
    cr_expect_geq(consul.asked, 34);
    for (int i = 0; i < consul.asked; i++)
        cr_expect_eq(consul.waited[i], 0);
}

Test(discovery, poll_asks_every_half_ttl_and_never_waits_at_the_registry)
{
    config.mode = DISCOVERY_POLL;
    run(polled);
}

/* --- The registry's faults -------------------------------------------------------------------------- */

static void outage(void)
{
    becomes("a b c", 1000);
    consul.mode = FAKE_REFUSES;
    wait_queue_wake_all(&consul.changed);
    fiber_sleep(100);
    int asked = consul.asked;
    for (int64_t past = 0; past < 3600000; past += 1000) {
        cr_expect_str_eq(known(), "a b c");
        cr_expect_str_eq(source(), age() <= TTL_MS ? "consul" : "cache");
        fiber_sleep(1000);
    }
    cr_expect_gt(age(), 3599000);
    struct discovery_view view;
    discovery_look(discovery, "user-service", &view);
    cr_expect_str_eq(view.last_error, "asking consul: connection refused");
    cr_expect_leq(consul.asked - asked, 3600 / 4 + 10);

    consul.mode = FAKE_GOOD;
    int64_t began = clock_ms();
    while (strcmp(source(), "consul") != 0)
        fiber_sleep(10);
    cr_expect_leq(clock_ms() - began, RETRY_CAP_MS);
    discovery_look(discovery, "user-service", &view);
    cr_expect_null(view.last_error);
    cr_expect_lt(view.age_ms, 100);
}

Test(discovery, an_outage_of_an_hour_ages_the_list_and_takes_nothing_from_it)
{
    run(outage);
}

static void hang(void)
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

Test(discovery, a_registry_that_hung_is_used_again_within_fifteen_seconds)
{
    run(hang);
}

static void no_wait_after_failure(void)
{
    becomes("a b c", 1000);
    consul.mode = FAKE_HANGS;
    fiber_sleep(60000);
    int asked = consul.asked;
    consul.mode = FAKE_GOOD;
    fiber_sleep(60000);
    cr_expect_eq(consul.waited[asked - 1], 0);
    cr_expect_eq(consul.waited[asked], 0);
    cr_expect_eq(consul.waited[asked + 1], TTL_MS / 3);
}

Test(discovery, after_a_failure_the_next_query_does_not_wait_for_a_change)
{
    run(no_wait_after_failure);
}

/* --- Absent is not dead --------------------------------------------------------------------------------- */

static void sudden_empty(void)
{
    becomes("a b c", 1000);
    fake_set(&consul, "");
    becomes("a? b? c?", 1000);
    int64_t began = clock_ms();
    fiber_sleep(30000);
    fake_set(&consul, "b");
    becomes("a? b c?", 1000);
    discovery_report_failure(discovery, "user-service", "b"); /* fails, but is not missing */
    cr_expect_str_eq(known(), "a? b c?");
    discovery_report_failure(discovery, "user-service", "c");
    cr_expect_str_eq(known(), "a? b");
    becomes("b", 40000);
    cr_expect_float_eq((double)(clock_ms() - began), MERGED_LIST_MISSING_MS, 1000);
}

Test(discovery, an_empty_answer_does_not_wipe_the_list)
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
    discovery_report_failure(discovery, "user-service", "a");
    cr_expect_str_eq(known(), "");
    cr_expect_str_eq(source(), "consul");
}

Test(discovery, less_than_half_is_believed_and_really_gone_is_gone)
{
    run(lost_most);
}

static void same_address(void)
{
    becomes("a b c", 1000);
    fake_set(&consul, "x:8097 y:8098"); /* the ports of a and b: a restart under new ids */
    becomes("c? x y", 1000);
}

Test(discovery, who_has_the_address_of_a_missing_one_has_replaced_it)
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
        discovery_report_failure(discovery, "user-service", id);
        discovery_look(discovery, "user-service", &view);
    }
    fiber_sleep(100);
    discovery_look(discovery, "user-service", &view);
    cr_expect_eq(view.list->count, 0);
    cr_expect_lt(view.version - version, 60);
}

Test(discovery, many_that_fail_are_taken_out_in_batches)
{
    run(many_fail);
}

/* --- Tiers --------------------------------------------------------------------------------------------------- */

static void chain(void)
{
    struct discovery_view view;
    struct err err = ERR_INIT;
    cr_expect_eq(discovery_get(discovery, "user-service", deadline_in(3000), &view, &err), 0);
    cr_expect_str_eq(view.source, "static");
    cr_expect_str_eq(known(), "127.0.0.1:8001 [::1]:8002 host:80");
    cr_expect_eq(view.list->at[1].port, 8002);
    cr_expect_str_eq(view.list->at[1].address, "::1");
    consul.mode = FAKE_GOOD;
    becomes("a b c", RETRY_CAP_MS + 100); /* nothing static is missed */
    cr_expect_str_eq(source(), "consul");
}

Test(discovery, the_static_list_is_the_last_resort)
{
    config.static_instances = "other=1.2.3.4:5;user-service=127.0.0.1:8001,[::1]:8002,host:80";
    consul.mode = FAKE_REFUSES;
    run(chain);
}

static void expect_answers(bool expected, const char *expected_failing)
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
    discovery_report_failure(discovery, "user-service", "10.0.0.1:8003");
    cr_expect_str_eq(known(), "10.0.0.1:8001? a");
    fiber_sleep(MERGED_LIST_MISSING_MS);
    cr_expect_str_eq(known(), "a");
}

Test(discovery, a_registry_that_comes_back_empty_does_not_wipe_the_static_list_that_stood_in_for_it)
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

Test(discovery, a_static_list_is_no_match_for_a_registry_that_never_failed)
{
    config.static_instances = "user-service=127.0.0.1:8001";
    fake_set(&consul, "");
    run(empty_from_the_start);
}

static void two_registries(void)
{
    becomes("a b c", 1000);
    cr_expect_str_eq(source(), "consul");
    expect_answers(true, "");
    consul.mode = FAKE_HANGS;
    fake_set(&etcd, "a b c d");
    fiber_sleep(1000);
    cr_expect_str_eq(known(), "a b c");
    fiber_sleep(TTL_MS + 1000);
    cr_expect_str_eq(source(), "etcd");
    cr_expect_str_eq(known(), "a b c d");
    expect_answers(true, "asking consul: no answer");
    etcd.mode = FAKE_REFUSES;
    wait_queue_wake_all(&etcd.changed);
    fiber_sleep(TTL_MS + 1000);
    cr_expect_str_eq(source(), "cache");
    cr_expect_str_eq(known(), "a b c d"); /* the newest of both */
    expect_answers(false, "asking consul: no answer; asking etcd: connection refused");
    consul.mode = FAKE_GOOD;
    fiber_sleep(15000);
    cr_expect_str_eq(source(), "consul");
    cr_expect_str_eq(known(), "a b c");
}

Test(discovery, a_second_registry_takes_over_when_the_first_is_no_longer_fresh)
{
    config.registry_count = 2;
    run(two_registries);
}

static void empty_takeover(void)
{
    becomes("a b c", 1000);
    consul.mode = FAKE_HANGS;
    fake_set(&etcd, ""); /* lost its state, too */
    fiber_sleep(TTL_MS + 12000);
    cr_expect_str_eq(source(), "etcd");
    cr_expect_str_eq(known(), "a? b? c?");
}

Test(discovery, a_second_registry_that_is_empty_wipes_nothing)
{
    config.registry_count = 2;
    run(empty_takeover);
}

Test(discovery, static_instances_are_checked)
{
    static const char *const bad[] = {"x", "=1.2.3.4:5", "s=", "s=host", "s=host:0", "s=host:65536", "s=1.2.3.4:5,",
                                      "s=::1:80", "s=[]:80", "s=[::1:80", "s=a b:80", "s=h:80;", "s=h:8 0"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(discovery_check_static(bad[i]), -1, "%s", bad[i]);
    cr_expect_eq(discovery_check_static(""), 0);
    cr_expect_eq(discovery_check_static("s=127.0.0.1:1,my-host.example:65535;t=[fe80::1]:80"), 0);
}
