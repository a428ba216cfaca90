/* A registration on virtual time, against a registry that misbehaves on demand. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rand.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "registration/registration.h"

/* --- The fake: it loses its state, hangs, fails, and counts ------------------------- */

static struct fake {
    struct registry base;
    bool has_us;
    bool hangs;
    bool is_down;
    bool forgets;       /* says yes, and does not know us */
    bool late_register; /* a registration takes effect although nobody hears its answer */
    int64_t beat_takes_ms; /* to be answered; it has arrived at once */
    int registers, deregisters, looks, beats, failing_beats;
    int64_t registered_at;
    bool check_failing;
    const char *check_output;
    char note[64];
} fake;

static int answer(int64_t deadline, struct err *err)
{
    if (fake.hangs) {
        struct wait wait;
        wait_init(&wait);
        if (wait_park(&wait, deadline) == WAIT_CANCELLED)
            return err_set(err, ERR_CANCELLED, "cancelled");
        return err_set(err, ERR_TIMEOUT, "no answer");
    }
    if (fiber_sleep(1) != 0)
        return err_set(err, ERR_CANCELLED, "cancelled");
    return fake.is_down ? err_set(err, ERR_UNREACHABLE, "connection refused") : 0;
}

static int fake_register(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                       struct err *err)
{
    (void)registry, (void)spec;
    fake.registers++;
    if (fake.late_register) {
        answer(deadline, err);
        fake.has_us = true; /* it was under way already */
        return -1;
    }
    if (answer(deadline, err) != 0)
        return -1;
    fake.has_us = !fake.forgets;
    fake.registered_at = clock_ms();
    return 0;
}

static int fake_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                           struct err *err)
{
    (void)registry, (void)spec;
    fake.deregisters++;
    if (answer(deadline, err) != 0)
        return -1;
    fake.has_us = false;
    return 0;
}

static int fake_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                              bool *registered, struct err *err)
{
    (void)registry, (void)spec;
    fake.looks++;
    *registered = false;
    if (answer(deadline, err) != 0)
        return -1;
    *registered = fake.has_us;
    return 0;
}

static int fake_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                          const char *note, int64_t deadline, struct err *err)
{
    (void)registry, (void)spec;
    bool has_us = fake.has_us; /* when the beat arrives; its answer takes a while */
    fake.beats++;
    fiber_sleep(fake.beat_takes_ms);
    if (answer(deadline, err) != 0)
        return -1;
    if (!has_us)
        return err_set(err, ERR_NOT_FOUND, "unknown check");
    fake.failing_beats += !healthy;
    snprintf(fake.note, sizeof fake.note, "%s", note);
    return 0;
}

static int fake_check_output(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                             bool *failing, char *output, size_t size, struct err *err)
{
    (void)registry, (void)spec, (void)deadline, (void)err;
    *failing = fake.check_failing;
    snprintf(output, size, "%s", fake.check_output ? fake.check_output : "");
    return 0;
}

static const struct registry_ops fake_ops = {
    .kind = "consul",
    .register_instance = fake_register,
    .deregister_instance = fake_deregister,
    .is_registered = fake_is_registered,
    .heartbeat = fake_heartbeat,
    .check_output = fake_check_output,
};

/* --- One life of a registration --------------------------------------------------------- */

static bool ill;

static int health(void *arg, int64_t deadline, struct err *err)
{
    (void)arg, (void)deadline;
    return ill ? err_set(err, ERR_FAILED, "redis: connection refused") : 0;
}

static struct registration_config config;
static struct registration *registration;

static void setup(void)
{
    clock_make_virtual(1000);
    rand_seed(7);
    ill = false;
    fake = (struct fake){.base = {.ops = &fake_ops}};
    config = (struct registration_config){
        .spec = {.service = "user-service", .id = "u-1", .address = "10.0.0.1", .port = 8001, .tags = "v1", .version = "1",
                 .zone = "", .weight = 1, .check = CHECK_HTTP, .check_interval_ms = 10000, .check_timeout_ms = 5000,
                 .deregister_after_ms = 300000},
        .jitter_ms = 0,
        .reconcile_ms = 5000,
        .health = health,
    };
}

static void teardown(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(registration, .init = setup, .fini = teardown, .timeout = 300);

static void live(void *arg)
{
    void (*story)(void) = (void (*)(void))arg;
    registration = registration_register(&fake.base, &config);
    cr_expect_not_null(registration);
    story();
    registration_free(registration);
}

static int stop(int64_t ms)
{
    struct err err = ERR_INIT;
    return registration_deregister(registration, deadline_in(ms), &err);
}

/* What is logged while `story` runs. */
static const char *log_of(void (*story)(void))
{
    static char out[64 * 1024];
    int ends[2], saved = dup(STDERR_FILENO);
    cr_assert_eq(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    loop_run_virtual(live, (void *)story);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t len = read(ends[0], out, sizeof out - 1);
    out[len > 0 ? len : 0] = '\0';
    close(ends[0]);
    return out;
}

static int count(const char *text, const char *word)
{
    int n = 0;
    for (; (text = strstr(text, word)); text += strlen(word))
        n++;
    return n;
}

/* --- Getting in ---------------------------------------------------------------------------- */

static void register_and_leave(void)
{
    fiber_sleep(60000);
    cr_expect(registration_is_registered(registration));
    cr_expect_eq(fake.registers, 1);
    cr_expect_geq(fake.looks, 9);
    cr_expect_eq(stop(8000), 0);
    cr_expect_not(registration_is_registered(registration));
    cr_expect_not(fake.has_us);
}

Test(registration, registers_once_looks_every_few_seconds_and_leaves)
{
    const char *log = log_of(register_and_leave);
    cr_expect(strstr(log, "msg=registered registry=consul id=u-1 address=10.0.0.1 port=8001\n"), "%s", log);
    cr_expect(strstr(log, "msg=deregistered registry=consul id=u-1\n"), "%s", log);
    cr_expect_eq(count(log, "\n"), 2, "%s", log);
    cr_expect_eq(fake.beats, 0);
}

static void wait_for_jitter(void)
{
    fiber_sleep(31000);
    cr_expect_eq(fake.registers, 1);
    stop(8000);
}

Test(registration, waits_a_random_while_first_and_says_so)
{
    config.jitter_ms = 30000;
    const char *log = log_of(wait_for_jitter);
    char line[120];
    snprintf(line, sizeof line, "msg=registering_in ms=%d reason=jitter hint=REGISTER_JITTER=0\n",
             (int)(fake.registered_at - 1000 - 1));
    cr_expect_gt(fake.registered_at, 1002);
    cr_expect(strstr(log, line), "%s in %s", line, log);
}

static void leave_during_jitter(void)
{
    fiber_sleep(1);
    int64_t before = clock_ms();
    cr_expect_eq(stop(8000), 0);
    cr_expect_lt(clock_ms() - before, 10);
    cr_expect_eq(fake.registers, 0);
    cr_expect_eq(fake.deregisters, 1);
}

Test(registration, leaves_at_once_while_it_still_waits)
{
    config.jitter_ms = 30000;
    log_of(leave_during_jitter);
}

static void come_up_late(void)
{
    fake.is_down = true;
    fiber_sleep(3600 * 1000);
    cr_expect_gt(fake.registers, 3600 / 5);
    cr_expect_lt(fake.registers, 3600 / 3);
    fake.is_down = false;
    fiber_sleep(5000 + 10); /* the cap of the back-off */
    cr_expect(fake.has_us);
    stop(8000);
}

Test(registration, never_gives_up_and_does_not_flood_the_log)
{
    const char *log = log_of(come_up_late);
    cr_expect(strstr(log, "level=warn msg=register_failed registry=consul error=\"connection refused\" retry_ms="), "%s",
              log);
    cr_expect_geq(count(log, "register_failed"), 50);
    cr_expect_leq(count(log, "register_failed"), 61);
}

static void change_reason(void)
{
    fake.is_down = true;
    fiber_sleep(10000);
    fake.hangs = true;
    fiber_sleep(20000);
    fake.hangs = fake.is_down = false;
    fiber_sleep(10000);
    cr_expect(fake.has_us);
    stop(8000);
}

Test(registration, logs_a_failure_again_when_its_reason_changes)
{
    const char *log = log_of(change_reason);
    cr_expect_eq(count(log, "register_failed"), 2, "%s", log);
    cr_expect(strstr(log, "error=\"no answer\""), "%s", log);
}

static void take_turns(void)
{
    fake.is_down = true;
    for (int second = 0; second < 600; second += 5) {
        fake.hangs = !fake.hangs;
        fiber_sleep(5000);
    }
    fake.hangs = fake.is_down = false;
    fiber_sleep(10000);
    stop(8000);
}

/* Without the limit in log_repeat_is_due() each change of the reason is a line, 100 in these 10 minutes. */
Test(registration, reasons_that_take_turns_do_not_flood_the_log)
{
    const char *log = log_of(take_turns);
    cr_expect_leq(count(log, "register_failed"), 33, "%d", count(log, "register_failed"));
    cr_expect_eq(count(log, "msg=registry_answers_again"), 1);
    cr_expect(strstr(log, "after_ms="));
}

/* --- Staying in ---------------------------------------------------------------------------- */

static void lose_state(void)
{
    fiber_sleep(40000);
    cr_expect(fake.has_us);
    fake.has_us = false;
    int64_t lost_at = clock_ms();
    fiber_sleep(30000 + 6000 + 10); /* the jitter again, and one look */
    cr_expect(fake.has_us);
    cr_expect_eq(fake.registers, 2);
    cr_expect_gt(fake.registered_at, lost_at);
    stop(8000);
}

Test(registration, registers_again_after_the_registry_lost_its_state)
{
    config.jitter_ms = 30000;
    const char *log = log_of(lose_state);
    cr_expect_eq(count(log, "msg=registration_lost registry=consul id=u-1"), 1, "%s", log);
    cr_expect_eq(count(log, "msg=registering_in "), 2, "%s", log);
    cr_expect_eq(count(log, "msg=registered "), 2, "%s", log);
}

static void restart_empty(void)
{
    fiber_sleep(20000);
    fake.is_down = true;
    fake.has_us = false;
    fiber_sleep(600000);
    cr_expect(registration_is_registered(registration), "nobody said that it is not");
    fake.is_down = false;
    fiber_sleep(5000 + 10);
    cr_expect(fake.has_us);
    stop(8000);
}

Test(registration, comes_back_by_itself_after_an_outage_from_which_the_registry_returns_empty)
{
    const char *log = log_of(restart_empty);
    cr_expect(strstr(log, "msg=reconcile_failed"), "%s", log);
    cr_expect(strstr(log, "msg=registry_answers_again"), "%s", log);
    cr_expect_eq(count(log, "msg=registration_lost"), 1, "%s", log);
}

static void hour_of_faults(void)
{
    for (int i = 0; i < 360; i++) {
        fake.hangs = rand_below(4) == 0;
        fake.is_down = rand_below(4) == 0;
        if (rand_below(3) == 0)
            fake.has_us = false;
        fiber_sleep(10000);
    }
    fake.hangs = fake.is_down = false;
    fiber_sleep(2000 + 6000 + 2000 + 20); /* a hung call, a look, the jitter */
    cr_expect(fake.has_us);
    cr_expect_eq(stop(8000), 0);
}

Test(registration, is_in_the_registry_again_soon_after_an_hour_of_faults)
{
    config.jitter_ms = 2000;
    for (uint64_t seed = 0; seed < 20; seed++) {
        rand_seed(seed);
        log_of(hour_of_faults);
    }
}

static void fail_own_check(void)
{
    fiber_sleep(20000);
    fake.check_failing = true;
    fake.check_output = "HTTP GET http://127.0.1.1:8001/health: 503 after 12.5 ms";
    fiber_sleep(20000);
    fake.check_output = "HTTP GET http://127.0.1.1:8001/health: 503 after 7 ms";
    fiber_sleep(20000);
    fake.check_output = "connection refused";
    fiber_sleep(20000);
    fake.check_failing = false;
    fiber_sleep(20000);
    stop(8000);
}

Test(registration, reports_its_own_failing_check_once_for_each_change)
{
    const char *log = log_of(fail_own_check);
    cr_expect_eq(count(log, "msg=own_check_failing"), 2, "%s", log);
    cr_expect(strstr(log, "output=\"connection refused\" address=10.0.0.1 hint=SERVICE_ADDRESS="), "%s", log);
    cr_expect_eq(count(log, "msg=own_check_passing"), 1, "%s", log);
}

/* --- Leaving ----------------------------------------------------------------------------------- */

static void stop_while_hung(void)
{
    fake.hangs = true;
    fiber_sleep(500);
    cr_expect_eq(fake.registers, 1);
    int64_t before = clock_ms();
    cr_expect_eq(stop(8000), -1);
    cr_expect_leq(clock_ms() - before, 2000);
    cr_expect_eq(fake.deregisters, 1);
}

Test(registration, stops_within_a_call_s_time_while_the_registry_hangs)
{
    log_of(stop_while_hung);
}

static void stop_while_registering(void)
{
    fake.late_register = true;
    fake.hangs = true;
    fiber_sleep(500);
    fake.hangs = false;
    cr_expect_eq(stop(8000), 0);
    cr_expect_not(fake.has_us);
}

Test(registration, leaves_also_where_its_registration_was_still_under_way)
{
    log_of(stop_while_registering);
}

static void stop_with_late_arrival(void)
{
    fake.hangs = true;
    fiber_sleep(500);
    fake.hangs = false;
    cr_expect_eq(stop(8000), 0);
    cr_expect_eq(fake.looks, 1, "it looks whether the one that was cut off got through");
}

Test(registration, looks_again_after_a_registration_that_was_cut_off)
{
    log_of(stop_with_late_arrival);
}

/* --- TTL ------------------------------------------------------------------------------------------ */

static void beat_for_a_minute(void)
{
    fiber_sleep(60000);
    cr_expect_geq(fake.beats, 6);
    cr_expect_leq(fake.beats, 8);
    cr_expect_eq(fake.failing_beats, 0);
    ill = true;
    fiber_sleep(10000);
    cr_expect_eq(fake.failing_beats, 1);
    cr_expect_str_eq(fake.note, "redis: connection refused");
    stop(8000);
}

Test(registration, with_a_ttl_check_beats_and_says_why_it_is_ill)
{
    config.spec.check = CHECK_TTL;
    log_of(beat_for_a_minute);
}

static void beat_from_the_start(void)
{
    fake.is_down = true;
    fiber_sleep(30000);
    cr_expect_geq(fake.beats, 3);
    fake.is_down = false;
    fiber_sleep(5010);
    cr_expect(fake.has_us);
    cr_expect_str_eq(fake.note, "healthy");
    stop(8000);
}

Test(registration, beats_also_where_its_first_registration_failed_and_at_once_when_it_succeeds)
{
    config.spec.check = CHECK_TTL;
    const char *log = log_of(beat_from_the_start);
    cr_expect_eq(count(log, "heartbeat_failed"), 0, "%s", log);
    cr_expect_eq(count(log, "registration_lost"), 0, "%s", log);
}

static void wait_for_its_turn(void)
{
    fake.has_us = true; /* the entry of a former life of this id, at another address */
    while (fake.registers == 0) {
        cr_expect_eq(fake.beats, 0, "a beat keeps an address in the list where nobody is any more");
        if (fake.beats > 0 || fiber_sleep(100) != 0)
            break;
    }
    fiber_sleep(10);
    cr_expect_eq(fake.beats, 1);
    stop(8000);
}

Test(registration, does_not_beat_for_a_former_life_of_its_id)
{
    config.spec.check = CHECK_TTL;
    config.jitter_ms = 30000;
    log_of(wait_for_its_turn);
}

/* The first try to register fails, so it beats; the second succeeds, while that
 * beat, which found nobody, is still on its way back. */
static void pass_at_once(void)
{
    fake.is_down = true;
    fiber_sleep(10);
    cr_expect_eq(fake.beats, 1);
    fake.is_down = false;
    fiber_sleep(1900 + 1900 + 100); /* the early one, and the next at once */
    cr_expect_str_eq(fake.note, "healthy", "not only after another check_interval");
    cr_expect_eq(fake.registers, 2, "that the early beat was for an unknown one is no loss");
    stop(8000);
}

Test(registration, passes_at_once_although_its_first_beat_came_too_early)
{
    config.spec.check = CHECK_TTL;
    fake.beat_takes_ms = 1900;
    const char *log = log_of(pass_at_once);
    cr_expect_eq(count(log, "registration_lost"), 0, "%s", log);
}

static void be_forgotten(void)
{
    fiber_sleep(100000);
    fake.has_us = false;
    fiber_sleep(1010); /* one beat */
    cr_expect(fake.has_us);
    cr_expect_eq(fake.registers, 2);
    cr_expect_eq(fake.looks, 0);
    stop(8000);
}

Test(registration, registers_again_when_a_heartbeat_finds_it_forgotten)
{
    config.spec.check = CHECK_TTL;
    config.spec.check_interval_ms = 1000;
    config.reconcile_ms = 3600 * 1000;
    log_of(be_forgotten);
}

static void be_forgotten_at_once(void)
{
    fake.forgets = true;
    fiber_sleep(60000);
    cr_expect_leq(fake.registers, 17, "backs off up to 5 s, and registered %d times", fake.registers);
    cr_expect_geq(fake.registers, 12);
    fake.forgets = false;
    fiber_sleep(5010);
    cr_expect(fake.has_us);
    stop(8000);
}

/* Several agents behind one name: what is told to one, the next does not know. */
Test(registration, does_not_spin_where_each_registration_is_forgotten_at_once)
{
    config.spec.check = CHECK_TTL;
    config.spec.check_interval_ms = 1000;
    log_of(be_forgotten_at_once);
}

/* --- A registry that checks nobody itself ------------------------------------------------------------ */

static struct registry_ops blind_ops; /* as the fake, but it needs heartbeats */

static void beat_as(enum check_kind check)
{
    blind_ops = fake_ops;
    blind_ops.needs_heartbeat = true;
    fake.base.ops = &blind_ops;
    config.spec.check = check;
}

static void report_illness(void)
{
    fiber_sleep(60000);
    cr_expect_geq(fake.beats, 6);
    cr_expect_leq(fake.beats, 8);
    ill = true;
    fiber_sleep(10000);
    cr_expect_eq(fake.failing_beats, 1);
    ill = false;
    fiber_sleep(10000);
    cr_expect_eq(fake.failing_beats, 1);
    cr_expect_str_eq(fake.note, "healthy");
    stop(8000);
}

Test(registration, where_the_registry_checks_nobody_an_http_check_is_a_heartbeat_with_the_deep_health)
{
    beat_as(CHECK_HTTP);
    log_of(report_illness);
}

static void beat_whatever_ails(void)
{
    ill = true;
    fiber_sleep(60000);
    cr_expect_geq(fake.beats, 6);
    cr_expect_eq(fake.failing_beats, 0);
    stop(8000);
}

Test(registration, where_the_registry_checks_nobody_a_tcp_check_says_only_that_the_process_lives)
{
    beat_as(CHECK_TCP);
    log_of(beat_whatever_ails);
}

Test(registration, where_the_registry_checks_nobody_no_check_is_still_a_heartbeat)
{
    beat_as(CHECK_NONE);
    log_of(beat_whatever_ails);
}

static void expire(void)
{
    fiber_sleep(100000);
    fake.has_us = false; /* its lease ran out */
    fiber_sleep(1010);   /* one beat */
    cr_expect(fake.has_us);
    cr_expect_eq(fake.registers, 2);
    cr_expect_eq(fake.looks, 0);
    stop(8000);
}

Test(registration, where_the_registry_checks_nobody_a_heartbeat_finds_that_the_lease_ran_out)
{
    beat_as(CHECK_HTTP);
    config.spec.check_interval_ms = 1000;
    config.reconcile_ms = 3600 * 1000;
    log_of(expire);
}

/* --- Numbers, and what is news ------------------------------------------------------------------------ */

static void read_metrics(void)
{
    struct buf out = BUF_INIT(64 * 1024);
    fiber_sleep(1000);
    registration_metrics(&registration, 1, &out);
    cr_expect(strstr(buf_text(&out), "registration_registered{registry=\"consul\"} 1\n"), "%s", buf_text(&out));
    cr_expect(strstr(buf_text(&out), "registrations_total{registry=\"consul\"} 1\n"));
    buf_close(&out);
    stop(8000);
}

Test(registration, counts_what_it_did)
{
    log_of(read_metrics);
}

static void read_metrics_of_two(void)
{
    static const struct registry_ops etcd_ops = {.kind = "etcd", .register_instance = fake_register, .deregister_instance = fake_deregister,
                                                 .is_registered = fake_is_registered, .heartbeat = fake_heartbeat,
                                                 .check_output = fake_check_output, .needs_heartbeat = true};
    struct registry etcd = {.ops = &etcd_ops};
    struct err err = ERR_INIT;
    struct registration *both[] = {registration, NULL, registration_register(&etcd, &config)};
    struct buf out = BUF_INIT(64 * 1024);
    fiber_sleep(1000);
    registration_metrics(both, 3, &out);
    cr_expect(strstr(buf_text(&out), "registration_heartbeats_total{registry=\"consul\"} 0\n"), "%s", buf_text(&out));
    cr_expect(strstr(buf_text(&out), "registration_heartbeats_total{registry=\"etcd\"} 1\n"), "%s", buf_text(&out));
    cr_expect_eq(count(buf_text(&out), "# TYPE registration_registered "), 1, "a head only once");
    buf_close(&out);
    registration_deregister(both[2], deadline_in(1000), &err);
    registration_free(both[2]);
    stop(8000);
}

Test(registration, numbers_of_two_registries_stand_under_one_head)
{
    log_of(read_metrics_of_two);
}
