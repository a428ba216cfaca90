/* A registration in virtual time, with a fake registry that fails on demand. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rand.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "registration/registration.h"
#include "registration/registration_metrics.h"
#include "registration/registration_state.h"

/* --- The fake registry ------------------------------------------------------------- */

static struct fake {
    struct registry base;
    bool knows_us;
    bool hangs;
    bool is_down;
    bool forgets;               /* accepts a registration and does not keep it */
    const char *change;         /* in what the entry under our id differs; NULL: it is ours */
    bool keeps_change;          /* also after a registration */
    bool late_register;         /* a registration takes effect although its reply is lost */
    int64_t heartbeat_reply_ms; /* until the reply to a heartbeat; the heartbeat itself arrives at once */
    int register_calls, deregister_calls, reconcile_calls, heartbeats, unhealthy_heartbeats;
    int64_t registered_at;
    int weight; /* as last registered */
    enum maintenance maintenance;
    char reason[32];
    bool check_failing;
    const char *check_output;
    char note[64];
} fake;

static int reply(int64_t deadline, struct err *err)
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
    struct registration_spec sent = *spec; /* it may change before the reply */
    (void)registry;
    fake.register_calls++;
    if (fake.late_register) {
        reply(deadline, err);
        fake.knows_us = true; /* the request was on its way already */
        return -1;
    }
    if (reply(deadline, err) != 0)
        return -1;
    fake.knows_us = !fake.forgets;
    if (!fake.keeps_change)
        fake.change = NULL;
    fake.registered_at = clock_ms();
    fake.weight = sent.weight;
    fake.maintenance = sent.maintenance;
    snprintf(fake.reason, sizeof fake.reason, "%s", sent.maintenance == MAINTENANCE_ON ? sent.maintenance_reason : "");
    return 0;
}

static int fake_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                           struct err *err)
{
    (void)registry, (void)spec;
    fake.deregister_calls++;
    if (reply(deadline, err) != 0)
        return -1;
    fake.knows_us = false;
    return 0;
}

static int fake_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                              bool *registered, struct err *err)
{
    (void)registry;
    fake.reconcile_calls++;
    *registered = false;
    if (reply(deadline, err) != 0)
        return -1;
    if (fake.weight != spec->weight)
        fake.change = "Passing is another one";
    snprintf(fake.base.difference, sizeof fake.base.difference, "%s", fake.knows_us && fake.change ? fake.change : "");
    *registered = fake.knows_us && !fake.change;
    return 0;
}

static int fake_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                          const char *note, int64_t deadline, struct err *err)
{
    (void)registry, (void)spec;
    bool known = fake.knows_us; /* at the time when the heartbeat arrives */
    fake.heartbeats++;
    fiber_sleep(fake.heartbeat_reply_ms);
    if (reply(deadline, err) != 0)
        return -1;
    if (!known)
        return err_set(err, ERR_NOT_FOUND, "unknown check");
    fake.unhealthy_heartbeats += !healthy;
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

/* --- Running one registration --------------------------------------------------------- */

static bool unhealthy;

static int health(void *arg, int64_t deadline, struct err *err)
{
    (void)arg, (void)deadline;
    return unhealthy ? err_set(err, ERR_FAILED, "redis: connection refused") : 0;
}

static struct registration_config config;
static struct registration *registration;

static void setup(void)
{
    clock_make_virtual(1000);
    rand_seed(7);
    unhealthy = false;
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

static void run_registration(void *arg)
{
    void (*body)(void) = (void (*)(void))arg;
    registration = registration_register(&fake.base, &config);
    cr_expect_not_null(registration);
    body();
    registration_free(registration);
}

static int deregister(int64_t ms)
{
    struct err err = ERR_INIT;
    return registration_deregister(registration, deadline_in(ms), &err);
}

/* Registers, runs the body of a test in a fiber, and returns the log lines. */
static const char *log_of(void (*body)(void))
{
    static char out[64 * 1024];
    int ends[2], saved = dup(STDERR_FILENO);
    cr_assert_eq(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    loop_run_virtual(run_registration, (void *)body);
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

/* --- Register ------------------------------------------------------------------------------ */

static void register_and_deregister(void)
{
    fiber_sleep(60000);
    cr_expect(registration->registered);
    cr_expect_eq(fake.register_calls, 1);
    cr_expect_geq(fake.reconcile_calls, 9);
    cr_expect_eq(deregister(8000), 0);
    cr_expect_not(registration->registered);
    cr_expect_not(fake.knows_us);
}

Test(registration, instance_registers_reconciles_and_deregisters)
{
    const char *log = log_of(register_and_deregister);
    cr_expect(strstr(log, "msg=registered registry=consul id=u-1 address=10.0.0.1 port=8001\n"), "%s", log);
    cr_expect(strstr(log, "msg=deregistered registry=consul id=u-1\n"), "%s", log);
    cr_expect_eq(count(log, "\n"), 2, "%s", log);
    cr_expect_eq(fake.heartbeats, 0);
}

static void wait_for_jitter(void)
{
    fiber_sleep(31000);
    cr_expect_eq(fake.register_calls, 1);
    deregister(8000);
}

Test(registration, first_registration_waits_a_random_time)
{
    config.jitter_ms = 30000;
    const char *log = log_of(wait_for_jitter);
    char line[120];
    snprintf(line, sizeof line, "msg=registering_in ms=%d reason=jitter hint=REGISTER_JITTER=0\n",
             (int)(fake.registered_at - 1000 - 1));
    cr_expect_gt(fake.registered_at, 1002);
    cr_expect(strstr(log, line), "%s in %s", line, log);
}

static void deregister_during_jitter(void)
{
    fiber_sleep(1);
    int64_t before = clock_ms();
    cr_expect_eq(deregister(8000), 0);
    cr_expect_lt(clock_ms() - before, 10);
    cr_expect_eq(fake.register_calls, 0);
    cr_expect_eq(fake.deregister_calls, 1);
}

Test(registration, deregistering_ends_the_random_wait_at_once)
{
    config.jitter_ms = 30000;
    log_of(deregister_during_jitter);
}

static void recover_after_an_hour(void)
{
    fake.is_down = true;
    fiber_sleep(3600 * 1000);
    cr_expect_gt(fake.register_calls, 3600 / 5);
    cr_expect_lt(fake.register_calls, 3600 / 3);
    fake.is_down = false;
    fiber_sleep(5000 + 10); /* the cap of the backoff */
    cr_expect(fake.knows_us);
    deregister(8000);
}

Test(registration, registering_retries_forever_with_few_log_lines)
{
    const char *log = log_of(recover_after_an_hour);
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
    cr_expect(fake.knows_us);
    deregister(8000);
}

Test(registration, failure_is_logged_again_when_its_reason_changes)
{
    const char *log = log_of(change_reason);
    cr_expect_eq(count(log, "register_failed"), 2, "%s", log);
    cr_expect(strstr(log, "error=\"no answer\""), "%s", log);
}

static void alternate_reasons(void)
{
    fake.is_down = true;
    for (int second = 0; second < 600; second += 5) {
        fake.hangs = !fake.hangs;
        fiber_sleep(5000);
    }
    fake.hangs = fake.is_down = false;
    fiber_sleep(10000);
    deregister(8000);
}

/* Without the limit in log_repeat_is_due() each change of the reason is a line, 100 in these 10 minutes. */
Test(registration, alternating_reasons_do_not_flood_the_log)
{
    const char *log = log_of(alternate_reasons);
    cr_expect_leq(count(log, "register_failed"), 33, "%d", count(log, "register_failed"));
    cr_expect_eq(count(log, "msg=registry_answers_again"), 1);
    cr_expect(strstr(log, "after_ms="));
}

/* --- Notice the loss, register again ------------------------------------------------------- */

static void change_entry(void)
{
    fiber_sleep(40000);
    fake.change = "Port is 9, not 8001";
    fiber_sleep(6000 + 10); /* one check */
    cr_expect_null(fake.change);
    cr_expect_eq(fake.register_calls, 2);
    fiber_sleep(3600 * 1000);
    cr_expect_eq(fake.register_calls, 2, "it is ours again");
    fake.change = "its check is gone";
    fiber_sleep(6000 + 10);
    cr_expect_eq(fake.register_calls, 3);
    deregister(8000);
}

Test(registration, changed_entry_is_registered_again_at_once)
{
    const char *log = log_of(change_entry);
    cr_expect(strstr(log, "level=warn msg=registration_changed registry=consul id=u-1 difference=\"Port is 9, not 8001\" "
                          "retry_ms=0\n"), "%s", log);
    cr_expect_eq(count(log, "msg=registered "), 3, "%s", log);
    cr_expect_eq(count(log, "SERVICE_ID"), 0, "%s", log);
}

static void change_entry_for_ever(void)
{
    fake.keeps_change = true;
    fake.change = "Port is 9, not 8001";
    fiber_sleep(3600 * 1000);
    cr_expect_geq(fake.register_calls, 3600 / 310);
    cr_expect_leq(fake.register_calls, 40);
    fake.keeps_change = false;
    fiber_sleep(310 * 1000);
    cr_expect_null(fake.change);
    deregister(8000);
}

/* Two processes with one id, or an agent that changes what it is sent. */
Test(registration, entry_that_stays_changed_causes_no_storm)
{
    const char *log = log_of(change_entry_for_ever);
    cr_expect(strstr(log, " hint=SERVICE_ID=<id-that-no-other-process-uses>\n"), "%s", log);
}

static void other_process_deregisters(void)
{
    fake.keeps_change = true;
    fake.change = "Port is 9, not 8001";
    fiber_sleep(3600 * 1000); /* the pauses are 5 minutes now */
    for (int i = 0; i < 5; i++) {
        int calls = fake.register_calls;
        while (fake.register_calls == calls)
            fiber_sleep(1000);
        fiber_sleep(20000);
        fake.knows_us = false;
        fiber_sleep(6000 + 10); /* one check */
        cr_expect(fake.knows_us);
    }
    deregister(8000);
}

Test(registration, entry_that_is_gone_ends_the_pause)
{
    log_of(other_process_deregisters);
}

static void lose_state(void)
{
    fiber_sleep(40000);
    cr_expect(fake.knows_us);
    fake.knows_us = false;
    int64_t lost_at = clock_ms();
    fiber_sleep(30000 + 6000 + 10); /* the jitter again, and one check */
    cr_expect(fake.knows_us);
    cr_expect_eq(fake.register_calls, 2);
    cr_expect_gt(fake.registered_at, lost_at);
    deregister(8000);
}

Test(registration, instance_registers_again_after_registry_lost_it)
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
    fake.knows_us = false;
    fiber_sleep(600000);
    cr_expect(registration->registered, "an outage alone is not a loss");
    fake.is_down = false;
    fiber_sleep(5000 + 10);
    cr_expect(fake.knows_us);
    deregister(8000);
}

Test(registration, instance_registers_again_after_outage_lost_state)
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
            fake.knows_us = false;
        fiber_sleep(10000);
    }
    fake.hangs = fake.is_down = false;
    fiber_sleep(2000 + 6000 + 2000 + 20); /* a hung call, a check, the jitter */
    cr_expect(fake.knows_us);
    cr_expect_eq(deregister(8000), 0);
}

Test(registration, instance_is_listed_soon_after_an_hour_of_faults)
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
    fake.check_output = "Get http://127.0.1.1:8001/health: dial tcp 127.0.1.1:8001: connect: connection refused";
    fiber_sleep(20000);
    fake.check_failing = false;
    fiber_sleep(20000);
    deregister(8000);
}

Test(registration, failing_own_check_is_logged_once_per_change)
{
    const char *log = log_of(fail_own_check);
    cr_expect_eq(count(log, "msg=own_check_failing"), 2, "%s", log);
    cr_expect_eq(count(log, "msg=own_check_passing"), 1, "%s", log);
}

static void fail_own_check_once(void)
{
    fake.check_failing = true;
    fiber_sleep(20000);
    deregister(8000);
}

#define ADDRESS_HINT "SERVICE_ADDRESS=<address-the-registry-can-reach>"
static const char addr[] = " address=10.0.0.1 hint=" ADDRESS_HINT "\n";
static const char slow[] =
    " address=10.0.0.1 hint=\"" ADDRESS_HINT ", or HEALTH_TIMEOUT at least 500ms below CHECK_TIMEOUT\"\n";

static void expect_hint(const char *hint, enum check_kind check, const char *output)
{
    config.spec.check = check;
    fake.check_output = output;
    const char *log = log_of(fail_own_check_once);
    cr_expect_eq(count(log, "msg=own_check_failing registry=consul output=\""), 1, "%s", log);
    if (hint)
        cr_expect_eq(count(log, hint), 1, "%s", log);
    cr_expect_eq(count(log, "hint="), hint != NULL, "%s", log);
}

Test(registration, unreachable_own_check_logs_hint_on_the_address)
{
    expect_hint(addr, CHECK_HTTP, "Get http://127.0.1.1:8001/health: dial tcp 127.0.1.1:8001: connect: connection refused");
    expect_hint(slow, CHECK_HTTP, "Get http://10.9.9.9:8001/health: request canceled (Client.Timeout exceeded)");
    expect_hint(slow, CHECK_HTTP, "Get http://10.9.9.9:8001/health: context deadline exceeded");
    expect_hint(addr, CHECK_HTTP, "Get http://no.such:8001/health: dial tcp: lookup no.such on 10.0.0.2:53: no such host");
    expect_hint(addr, CHECK_TCP, "dial tcp 10.9.9.9:8001: i/o timeout");
    expect_hint(addr, CHECK_GRPC, "rpc error: code = Unavailable desc = connection error: desc = \"dial tcp 10.9.9.9:9001\"");
    expect_hint(slow, CHECK_GRPC, "rpc error: code = DeadlineExceeded desc = latest balancer error");
}

Test(registration, reachable_own_check_logs_no_hint_on_the_address)
{
    expect_hint(NULL, CHECK_HTTP, "HTTP GET http://127.0.1.1:8001/health: 503 Service Unavailable Output: redis is down");
    expect_hint(NULL, CHECK_GRPC, "gRPC application didn't report service healthy");
    expect_hint(NULL, CHECK_TTL, "redis: connection refused");
    expect_hint(NULL, CHECK_HTTP, "HTTP GET http://127.0.1.1:8001/health: 503 … postgres: dial tcp 10.0.0.9:5432");
    expect_hint(NULL, CHECK_HTTP, "Get http://127.0.1.1:8001/health: EOF");
    expect_hint(NULL, CHECK_HTTP, "Get http://127.0.1.1:8001/health: malformed HTTP response \"SSH-2.0\"");
    expect_hint(NULL, CHECK_HTTP, "Get https://127.0.1.1:8001/health: server gave HTTP response to HTTPS client");
    expect_hint(NULL, CHECK_GRPC, "rpc error: code = NotFound desc = unknown service user-service");
}

/* --- Orders ------------------------------------------------------------------------------------ */

static void order_weight(void)
{
    fiber_sleep(60000);
    cr_expect_eq(fake.weight, 1);
    cr_expect_eq(registration_set_weight(registration, 3), 0);
    cr_expect_not(registration_is_current(registration));
    fiber_sleep(10);
    cr_expect_eq(fake.weight, 3, "the random wait is only for losses");
    cr_expect(registration_is_current(registration));
    fiber_sleep(60000);
    cr_expect_eq(fake.register_calls, 2);
    cr_expect_eq(registration->losses, 0);
    deregister(8000);
}

Test(registration, ordered_weight_is_registered_at_once)
{
    config.jitter_ms = 30000;
    log_of(order_weight);
}

static void order_what_is_refused(void)
{
    char long_reason[REGISTRATION_REASON_MAX + 2];
    memset(long_reason, 'x', sizeof long_reason - 1);
    long_reason[sizeof long_reason - 1] = '\0';
    cr_expect_eq(registration_set_weight(registration, 0), -1);
    cr_expect_eq(registration_set_weight(registration, 65536), -1);
    cr_expect_eq(registration_set_maintenance(registration, true, long_reason), -1);
    fiber_sleep(1000);
    cr_expect_eq(fake.weight, 1);
    cr_expect_eq(fake.maintenance, MAINTENANCE_AS_IS);
    deregister(8000);
}

Test(registration, order_out_of_range_changes_nothing)
{
    log_of(order_what_is_refused);
}

static void order_maintenance_and_lose_it(void)
{
    fiber_sleep(60000);
    cr_expect_eq(registration_set_maintenance(registration, true, "upgrade"), 0);
    fiber_sleep(10);
    cr_expect_eq(fake.maintenance, MAINTENANCE_ON);
    cr_expect_str_eq(fake.reason, "upgrade");
    fake.knows_us = false;
    fake.maintenance = MAINTENANCE_AS_IS;
    fiber_sleep(6000 + 10);
    cr_expect(fake.knows_us);
    cr_expect_eq(fake.maintenance, MAINTENANCE_ON, "the registry lost its state, not the operator's order");
    registration_set_maintenance(registration, false, "");
    fiber_sleep(10);
    cr_expect_eq(fake.maintenance, MAINTENANCE_OFF);
    fake.knows_us = false;
    fiber_sleep(6000 + 10);
    cr_expect_eq(fake.maintenance, MAINTENANCE_AS_IS, "from now on an operator may set it in the registry");
    deregister(8000);
}

Test(registration, maintenance_outlives_a_registry_that_forgets)
{
    log_of(order_maintenance_and_lose_it);
}

static void order_while_down(void)
{
    fiber_sleep(20000);
    fake.is_down = true;
    fiber_sleep(60000);
    registration_set_weight(registration, 2);
    registration_set_maintenance(registration, true, "upgrade");
    fiber_sleep(60000);
    registration_set_weight(registration, 3);
    fake.is_down = false;
    fiber_sleep(5000 + 10); /* the cap of the backoff */
    cr_expect(registration_is_current(registration));
    cr_expect_eq(fake.weight, 3);
    cr_expect_eq(fake.maintenance, MAINTENANCE_ON);
    deregister(8000);
}

Test(registration, order_is_carried_out_when_the_registry_is_back)
{
    log_of(order_while_down);
}

/* A register call is under way with the first weight when the second is ordered. */
static void order_during_a_registration(void)
{
    fiber_sleep(20000);
    registration_set_weight(registration, 2);
    fiber_yield();
    registration_set_weight(registration, 3);
    fiber_sleep(10);
    cr_expect_eq(fake.register_calls, 3);
    cr_expect_eq(fake.weight, 3);
    deregister(8000);
}

Test(registration, order_during_a_registration_is_not_lost)
{
    log_of(order_during_a_registration);
}

static void order_during_reconcile(void)
{
    int calls = fake.reconcile_calls;
    while (fake.reconcile_calls == calls && fiber_sleep(1) == 0) { }
    registration_set_weight(registration, 3); /* the reply comes in 1 ms */
    fiber_sleep(10);
    cr_expect_eq(fake.weight, 3);
    cr_expect_eq(registration->losses, 0);
    deregister(8000);
}

Test(registration, order_during_reconcile_is_no_difference)
{
    const char *log = log_of(order_during_reconcile);
    cr_expect_eq(count(log, "registration_changed"), 0, "%s", log);
}

static void order_while_changed(void)
{
    fake.change = "Port is 9, not 8001";
    fake.keeps_change = true;
    fiber_sleep(3600 * 1000); /* the pauses are 5 minutes now */
    registration_set_maintenance(registration, true, "upgrade");
    fiber_sleep(10);
    cr_expect_eq(fake.maintenance, MAINTENANCE_ON);
    deregister(8000);
}

Test(registration, order_does_not_wait_for_a_changed_entry)
{
    log_of(order_while_changed);
}

/* --- Deregister -------------------------------------------------------------------------------- */

static void deregister_while_hung(void)
{
    fake.hangs = true;
    fiber_sleep(500);
    cr_expect_eq(fake.register_calls, 1);
    int64_t before = clock_ms();
    cr_expect_eq(deregister(8000), -1);
    cr_expect_leq(clock_ms() - before, 2000);
    cr_expect_eq(fake.deregister_calls, 1);
}

Test(registration, deregistering_from_hung_registry_takes_2_s_at_most)
{
    log_of(deregister_while_hung);
}

static void deregister_while_registering(void)
{
    fake.late_register = true;
    fake.hangs = true;
    fiber_sleep(500);
    fake.hangs = false;
    cr_expect_eq(deregister(8000), 0);
    cr_expect_not(fake.knows_us);
}

Test(registration, instance_deregisters_while_register_is_under_way)
{
    log_of(deregister_while_registering);
}

static void deregister_after_cut_off(void)
{
    fake.hangs = true;
    fiber_sleep(500);
    fake.hangs = false;
    cr_expect_eq(deregister(8000), 0);
    cr_expect_eq(fake.reconcile_calls, 1, "checks whether the registration took effect after all");
}

Test(registration, deregister_checks_after_a_register_was_cut_off)
{
    log_of(deregister_after_cut_off);
}

/* --- Heartbeats of a TTL check -------------------------------------------------------------------- */

static void send_heartbeats(void)
{
    fiber_sleep(60000);
    cr_expect_geq(fake.heartbeats, 6);
    cr_expect_leq(fake.heartbeats, 8);
    cr_expect_eq(fake.unhealthy_heartbeats, 0);
    unhealthy = true;
    fiber_sleep(10000);
    cr_expect_eq(fake.unhealthy_heartbeats, 1);
    cr_expect_str_eq(fake.note, "redis: connection refused");
    deregister(8000);
}

Test(registration, ttl_heartbeat_reports_why_instance_is_unhealthy)
{
    config.spec.check = CHECK_TTL;
    log_of(send_heartbeats);
}

static void fail_to_register_first(void)
{
    fake.is_down = true;
    fiber_sleep(30000);
    cr_expect_geq(fake.heartbeats, 3);
    fake.is_down = false;
    fiber_sleep(5010);
    cr_expect(fake.knows_us);
    cr_expect_str_eq(fake.note, "healthy");
    deregister(8000);
}

Test(registration, heartbeats_start_after_first_register_try)
{
    config.spec.check = CHECK_TTL;
    const char *log = log_of(fail_to_register_first);
    cr_expect_eq(count(log, "heartbeat_failed"), 0, "%s", log);
    cr_expect_eq(count(log, "registration_lost"), 0, "%s", log);
}

static void wait_for_first_try(void)
{
    fake.knows_us = true; /* an entry of an earlier process with the same id, at another address */
    while (fake.register_calls == 0) {
        cr_expect_eq(fake.heartbeats, 0, "a heartbeat would keep the old address in the list");
        if (fake.heartbeats > 0 || fiber_sleep(100) != 0)
            break;
    }
    fiber_sleep(10);
    cr_expect_eq(fake.heartbeats, 1);
    deregister(8000);
}

Test(registration, no_heartbeat_is_sent_before_first_register_try)
{
    config.spec.check = CHECK_TTL;
    config.jitter_ms = 30000;
    log_of(wait_for_first_try);
}

/* The first register call fails, then a heartbeat is sent. The second call succeeds while the reply to that
 * heartbeat ("unknown check") is still on its way. */
static void become_passing_at_once(void)
{
    fake.is_down = true;
    fiber_sleep(10);
    cr_expect_eq(fake.heartbeats, 1);
    fake.is_down = false;
    fiber_sleep(1900 + 1900 + 100); /* the early heartbeat, and the next one at once */
    cr_expect_str_eq(fake.note, "healthy", "before another check_interval has passed");
    cr_expect_eq(fake.register_calls, 2, "the reply to the early heartbeat is no loss");
    deregister(8000);
}

Test(registration, heartbeat_is_sent_at_once_after_registering)
{
    config.spec.check = CHECK_TTL;
    fake.heartbeat_reply_ms = 1900;
    const char *log = log_of(become_passing_at_once);
    cr_expect_eq(count(log, "registration_lost"), 0, "%s", log);
}

static void lose_registration(void)
{
    fiber_sleep(100000);
    fake.knows_us = false;
    fiber_sleep(1010); /* one heartbeat */
    cr_expect(fake.knows_us);
    cr_expect_eq(fake.register_calls, 2);
    cr_expect_eq(fake.reconcile_calls, 0);
    deregister(8000);
}

Test(registration, heartbeat_of_unknown_instance_registers_it_again)
{
    config.spec.check = CHECK_TTL;
    config.spec.check_interval_ms = 1000;
    config.reconcile_ms = 3600 * 1000;
    log_of(lose_registration);
}

static void lose_each_registration(void)
{
    fake.forgets = true;
    fiber_sleep(60000);
    cr_expect_leq(fake.register_calls, 17, "the pause grows to 5 s; %d registrations", fake.register_calls);
    cr_expect_geq(fake.register_calls, 12);
    fake.forgets = false;
    fiber_sleep(5010);
    cr_expect(fake.knows_us);
    deregister(8000);
}

/* Several agents share one address: one accepts the registration, the next does not know it. */
Test(registration, repeated_loss_backs_off_instead_of_spinning)
{
    config.spec.check = CHECK_TTL;
    config.spec.check_interval_ms = 1000;
    log_of(lose_each_registration);
}

/* --- Heartbeats to a registry that checks no instance itself ---------------------------------------- */

static struct registry_ops unchecking_ops; /* the fake, but it needs heartbeats */

static void use_unchecking(enum check_kind check)
{
    unchecking_ops = fake_ops;
    unchecking_ops.needs_heartbeat = true;
    fake.base.ops = &unchecking_ops;
    config.spec.check = check;
}

static void report_deep_health(void)
{
    fiber_sleep(60000);
    cr_expect_geq(fake.heartbeats, 6);
    cr_expect_leq(fake.heartbeats, 8);
    unhealthy = true;
    fiber_sleep(10000);
    cr_expect_eq(fake.unhealthy_heartbeats, 1);
    unhealthy = false;
    fiber_sleep(10000);
    cr_expect_eq(fake.unhealthy_heartbeats, 1);
    cr_expect_str_eq(fake.note, "healthy");
    deregister(8000);
}

Test(registration, http_check_becomes_heartbeat_with_deep_health)
{
    use_unchecking(CHECK_HTTP);
    log_of(report_deep_health);
}

static void ignore_health(void)
{
    unhealthy = true;
    fiber_sleep(60000);
    cr_expect_geq(fake.heartbeats, 6);
    cr_expect_eq(fake.unhealthy_heartbeats, 0);
    deregister(8000);
}

Test(registration, tcp_check_becomes_heartbeat_that_is_healthy)
{
    use_unchecking(CHECK_TCP);
    log_of(ignore_health);
}

Test(registration, no_check_becomes_heartbeat_that_is_healthy)
{
    use_unchecking(CHECK_NONE);
    log_of(ignore_health);
}

static void expire(void)
{
    fiber_sleep(100000);
    fake.knows_us = false; /* its lease expired */
    fiber_sleep(1010);     /* one heartbeat */
    cr_expect(fake.knows_us);
    cr_expect_eq(fake.register_calls, 2);
    cr_expect_eq(fake.reconcile_calls, 0);
    deregister(8000);
}

Test(registration, heartbeat_on_expired_lease_registers_again)
{
    use_unchecking(CHECK_HTTP);
    config.spec.check_interval_ms = 1000;
    config.reconcile_ms = 3600 * 1000;
    log_of(expire);
}

/* --- Metrics ------------------------------------------------------------------------------------------- */

static void read_metrics(void)
{
    struct buf out = BUF_INIT(64 * 1024);
    fiber_sleep(1000);
    registration_metrics(&registration, 1, &out);
    cr_expect(strstr(buf_text(&out), "registration_registered{registry=\"consul\"} 1\n"), "%s", buf_text(&out));
    cr_expect(strstr(buf_text(&out), "registrations_total{registry=\"consul\"} 1\n"));
    buf_close(&out);
    deregister(8000);
}

Test(registration, metrics_count_registrations)
{
    log_of(read_metrics);
}

static void read_metrics_of_two(void)
{
    static const struct registry_ops etcd_ops = {.kind = "etcd", .register_instance = fake_register,
                                                 .deregister_instance = fake_deregister,
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
    cr_expect_eq(count(buf_text(&out), "# TYPE registration_registered "), 1, "one header for both");
    buf_close(&out);
    registration_deregister(both[2], deadline_in(1000), &err);
    registration_free(both[2]);
    deregister(8000);
}

Test(registration, metrics_of_two_registries_share_one_header)
{
    log_of(read_metrics_of_two);
}
