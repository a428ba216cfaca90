/* Fibers (fiber.c, stack.c, sync.c) on virtual time, and the real loop with its threads (loop.c,
 * offload.c, resolve.c). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/offload.h"
#include "loop/resolve.h"
#include "loop/sync.h"

static char trace[256];

static void trace_add(const char *what)
{
    strncat(trace, what, sizeof trace - strlen(trace) - 1);
}

static void setup(void)
{
    clock_make_virtual(1000);
    trace[0] = '\0';
}

static void teardown(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(fiber, .init = setup, .fini = teardown, .timeout = 300);

/* --- Sleeping and taking turns ------------------------------------------------- */

static void sleeper(void *arg)
{
    fiber_sleep(*(int *)arg);
    char text[16];
    snprintf(text, sizeof text, "%d ", *(int *)arg);
    trace_add(text);
}

static void start_sleepers(void *arg)
{
    static int ms[] = {30, 10, 20, 10};
    (void)arg;
    for (size_t i = 0; i < 4; i++)
        fiber_start(sleeper, &ms[i]);
}

Test(fiber, sleeping_fibers_wake_in_order_of_deadlines)
{
    loop_run_virtual(start_sleepers, NULL);
    cr_expect_str_eq(trace, "10 10 20 30 ");
    cr_expect_eq(clock_ms(), 1030);
}

static void yielder(void *arg)
{
    for (int i = 0; i < 2; i++) {
        trace_add(arg);
        fiber_yield();
    }
}

static void start_yielders(void *arg)
{
    (void)arg;
    fiber_start(yielder, "a");
    fiber_start(yielder, "b");
}

Test(fiber, yielding_fibers_take_turns)
{
    loop_run_virtual(start_yielders, NULL);
    cr_expect_str_eq(trace, "abab");
}

static void start_many(void *arg)
{
    static int ms = 5;
    (void)arg;
    for (int i = 0; i < 5000; i++)
        cr_expect_eq(fiber_start(sleeper, &ms), 0);
}

Test(fiber, fiber_limit_allows_thousands_and_is_enforced)
{
    loop_run_virtual(start_many, NULL);
    fibers_set_limit(0);
    cr_expect_eq(fiber_start(start_many, NULL), -1);
}

/* --- State across a switch ----------------------------------------------------------- */

enum { VALUES = 12, SWITCHES = 100 };

/* Uses more values than there are callee-saved registers. So all of these, also the
 * floating-point ones, are in use at each switch. */
static void calculate(int seed, bool switching, double kept[VALUES])
{
    double a = seed + 0.5, b = seed * 2.5, c = seed - 0.25, d = seed / 3.0, e = seed + 7.75, f = seed * 0.125;
    unsigned long g = 1, h = 3, i = (unsigned long)seed, j = i ^ 21, k = i + 64, l = i * 9;
    for (int n = 0; n < SWITCHES; n++) {
        if (switching)
            fiber_yield();
        a = b - a / 2, b = c - b / 2, c = d - c / 2, d = e - d / 2, e = f - e / 2, f = a - f / 2;
        g += h, h ^= i, i += j, j ^= k, k += l, l ^= g;
    }
    memcpy(kept, (double[]){a, b, c, d, e, f, (double)g, (double)h, (double)i, (double)j, (double)k, (double)l},
           VALUES * sizeof *kept);
}

static void compare_calculations(void *arg)
{
    int seed = *(int *)arg;
    double kept[VALUES], wanted[VALUES];
    calculate(seed, true, kept);
    calculate(seed, false, wanted);
    cr_expect_arr_eq(kept, wanted, sizeof kept);
}

static void start_calculations(void *arg)
{
    static int seeds[] = {1, 20, 300};
    (void)arg;
    for (size_t i = 0; i < 3; i++)
        fiber_start(compare_calculations, &seeds[i]);
}

Test(fiber, switch_preserves_registers)
{
    loop_run_virtual(start_calculations, NULL);
}

/* Uses `left` bytes of stack, one kilobyte per call, and switches at each. */
static int fill_stack(int left)
{
    volatile char piece[1024];
    for (size_t i = 0; i < sizeof piece; i++)
        piece[i] = (char)left;
    fiber_yield();
    int below = left > 0 ? fill_stack(left - (int)sizeof piece) : 0;
    for (size_t i = 0; i < sizeof piece; i++)
        below += piece[i] != (char)left;
    return below;
}

static void check_own_stack(void *arg)
{
    cr_expect_eq(fill_stack(*(int *)arg), 0, "another fiber wrote to this stack");
}

static void start_deep_fibers(void *arg)
{
    static int depths[] = {160000, 150001, 140002};
    (void)arg;
    for (size_t i = 0; i < 3; i++)
        fiber_start(check_own_stack, &depths[i]);
}

Test(fiber, each_fiber_has_its_own_deep_stack)
{
    loop_run_virtual(start_deep_fibers, NULL);
}

/* --- One wait -------------------------------------------------------------------- */

static void park_paths(void *arg)
{
    (void)arg;
    struct wait wait;
    wait_init(&wait);
    cr_expect_eq(wait_park(&wait, deadline_in(50)), WAIT_TIMEOUT);
    cr_expect_eq(clock_ms(), 1050);

    wait_init(&wait);
    wait_wake(&wait);
    wait_wake(&wait);
    cr_expect_eq(wait_park(&wait, DEADLINE_NONE), WAIT_WOKEN);

    wait_init(&wait);
    cr_expect_eq(wait_park(&wait, clock_ms()), WAIT_TIMEOUT);

    fiber_cancel(fiber_self());
    wait_init(&wait);
    cr_expect_eq(wait_park(&wait, DEADLINE_NONE), WAIT_CANCELLED);
    cr_expect_eq(fiber_sleep(1000), -1);
    cr_expect_eq(clock_ms(), 1050);
}

Test(fiber, wait_ends_by_deadline_early_wake_or_cancel)
{
    loop_run_virtual(park_paths, NULL);
}

/* --- Queue, group, flight, backoff ----------------------------------------------- */

static struct wait_queue queue;

static void queue_up(void *arg)
{
    if (wait_queue_park(&queue, deadline_in(100)) == WAIT_WOKEN)
        trace_add(arg);
    else
        trace_add("-");
}

static void wake_late(void *arg)
{
    (void)arg;
    fiber_sleep(100); /* ends at the waiter's deadline, and runs just before the waiter */
    cr_expect(wait_queue_wake_one(&queue));
}

static void wake_when_due(void *arg)
{
    (void)arg;
    fiber_start(wake_late, NULL);
    fiber_start(queue_up, "woken");
}

Test(fiber, wake_right_after_the_deadline_is_not_lost)
{
    loop_run_virtual(wake_when_due, NULL);
    cr_expect_str_eq(trace, "woken");
}

static void use_queue(void *arg)
{
    (void)arg;
    fiber_start(queue_up, "1");
    fiber_start(queue_up, "2");
    fiber_start(queue_up, "3");
    fiber_yield();
    cr_expect(wait_queue_wake_one(&queue));
    cr_expect(wait_queue_wake_one(&queue));
    fiber_sleep(200);
    cr_expect_not(wait_queue_wake_one(&queue));
}

Test(fiber, queue_is_fifo_and_skips_waiters_that_timed_out)
{
    loop_run_virtual(use_queue, NULL);
    cr_expect_str_eq(trace, "12-");
}

static void child(void *arg)
{
    trace_add(fiber_sleep(*(int *)arg) == 0 ? "." : "x");
}

static void parent(void *arg)
{
    static int ms[] = {10, 500, 20};
    struct group group = {0};
    (void)arg;
    for (size_t i = 0; i < 3; i++)
        group_go(&group, child, &ms[i]);
    group_join(&group);
    trace_add("|");
}

Test(fiber, join_returns_when_the_last_child_has_ended)
{
    loop_run_virtual(parent, NULL);
    cr_expect_str_eq(trace, "...|");
    cr_expect_eq(clock_ms(), 1500);
}

static struct fiber *to_cancel;

static void cancelled_parent(void *arg)
{
    to_cancel = fiber_self();
    parent(arg);
}

static void cancel_a_parent(void *arg)
{
    (void)arg;
    fiber_start(cancelled_parent, NULL);
    fiber_sleep(15);
    fiber_cancel(to_cancel);
}

Test(fiber, cancelled_parent_cancels_and_joins_its_children)
{
    loop_run_virtual(cancel_a_parent, NULL);
    cr_expect_str_eq(trace, ".xx|");
    cr_expect_eq(clock_ms(), 1015);
}

static struct flight flight;
static int calls_run;

static void slow_call(void *arg)
{
    (void)arg;
    calls_run++;
    fiber_sleep(30);
}

static void caller(void *arg)
{
    enum wait_result result;
    bool led = flight_run(&flight, 7, slow_call, NULL, deadline_in(*(int64_t *)arg), &result);
    trace_add(led ? "L" : result == WAIT_WOKEN ? "f" : "t");
}

static void start_callers(void *arg)
{
    static int64_t patient = 1000, hasty = 10;
    (void)arg;
    fiber_start(caller, &patient);
    fiber_start(caller, &patient);
    fiber_start(caller, &hasty);
}

Test(fiber, concurrent_calls_for_one_key_run_once)
{
    loop_run_virtual(start_callers, NULL);
    cr_expect_str_eq(trace, "tLf");
    cr_expect_eq(calls_run, 1);
}

Test(fiber, backoff_grows_by_1_6_to_its_cap_with_jitter)
{
    struct backoff backoff = BACKOFF_INIT(1000, 5000);
    const int64_t bases[] = {1000, 1600, 2560, 4096, 5000, 5000};
    for (size_t i = 0; i < 6; i++) {
        int64_t ms = backoff_next(&backoff);
        cr_expect(ms >= bases[i] * 8 / 10 && ms <= 5000 && ms <= bases[i] * 12 / 10 + 1, "%d", (int)ms);
    }
    backoff_reset(&backoff);
    cr_expect_leq(backoff_next(&backoff), 1200);
}

/* --- On the real loop -------------------------------------------------------------- */

static int gate[2]; /* a pipe: each byte lets one call pass */

static void pass_gate(void *arg)
{
    *(bool *)arg = read(gate[0], &(char){0}, 1) == 1;
}

static void open_gate(void)
{
    cr_expect_eq(write(gate[1], "x", 1), 1);
}

static void offloads(void *arg)
{
    static const struct offload_job job = {.work = pass_gate};
    (void)arg;
    bool passed = false;
    struct err err = ERR_INIT;
    open_gate();
    cr_expect_eq(offload_run(&job, &passed, sizeof passed, deadline_in(60000), &err), 0);
    cr_expect(passed);

    passed = false;
    cr_expect_eq(offload_run(&job, &passed, sizeof passed, deadline_in(30), &err), -1, "the gate is closed");
    cr_expect_eq(err.code, ERR_TIMEOUT);
    open_gate();
    cr_expect_not(passed);

    struct addresses addresses;
    err_clear(&err);
    cr_expect_eq(resolve_host("localhost", &addresses, deadline_in(60000), &err), 0);
    cr_expect_str_eq(addresses.list[0], "127.0.0.1");
    cr_expect_eq(resolve_host("::1", &addresses, 0, &err), 0);
    cr_expect_eq(addresses.count, 1);
    cr_expect_str_eq(addresses.list[0], "::1");
}

Test(fiber, blocking_call_runs_on_a_thread_and_can_time_out)
{
    clock_make_real();
    cr_assert_eq(pipe(gate), 0);
    loop_open();
    loop_run(offloads, NULL);
    cr_expect_eq(loop_close(), 0);
    close(gate[0]);
    close(gate[1]);
}

static void real_sleep(void *arg)
{
    int64_t begin = clock_ms();
    (void)arg;
    fiber_sleep(30);
    cr_expect_geq(clock_ms() - begin, 30);
}

Test(fiber, sleep_takes_real_time)
{
    clock_make_real();
    loop_open();
    loop_run(real_sleep, NULL);
    cr_expect_eq(loop_close(), 0);
}

/* --- The process itself is stalled --------------------------------------------------- */

enum { TIMEOUT_MS = 200 };

static void on_reply(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    wait_wake(poll->data);
    uv_poll_stop(poll);
}

static void await_reply(void *arg)
{
    uv_poll_t *poll = arg;
    struct wait wait;
    wait_init(&wait);
    poll->data = &wait;
    cr_expect_eq(uv_poll_start(poll, UV_READABLE, on_reply), 0);
    open_gate();
    cr_expect_eq(wait_park(&wait, deadline_in(TIMEOUT_MS)), WAIT_WOKEN,
                 "the reply had arrived in time, but was not read yet");
    uv_close((uv_handle_t *)poll, NULL);
}

static void stall(void *arg)
{
    (void)arg;
    int64_t end = deadline_in(TIMEOUT_MS + 1);
    while (deadline_left(end) > 0) {
    }
}

/* Both run in one batch of fibers: the second stalls the process as soon as the first waits. */
static void stall_while_a_reply_arrives(void *poll)
{
    cr_expect_eq(fiber_start(await_reply, poll), 0);
    cr_expect_eq(fiber_start(stall, NULL), 0);
}

Test(fiber, reply_read_late_after_a_stall_is_no_timeout)
{
    uv_poll_t poll;
    clock_make_real();
    cr_assert_eq(pipe(gate), 0);
    loop_open();
    cr_assert_eq(uv_poll_init(loop_uv(), &poll, gate[0]), 0);
    loop_run(stall_while_a_reply_arrives, &poll);
    cr_expect_eq(loop_close(), 0);
    close(gate[0]);
    close(gate[1]);
}
