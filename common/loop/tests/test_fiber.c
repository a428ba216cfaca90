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

static void note(const char *what)
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
    note(text);
}

static void start_sleepers(void *arg)
{
    static int ms[] = {30, 10, 20, 10};
    (void)arg;
    for (size_t i = 0; i < 4; i++)
        fiber_start(sleeper, &ms[i]);
}

Test(fiber, sleepers_wake_in_the_order_of_their_deadlines)
{
    loop_run_virtual(start_sleepers, NULL);
    cr_expect_str_eq(trace, "10 10 20 30 ");
    cr_expect_eq(clock_ms(), 1030);
}

static void yielder(void *arg)
{
    for (int i = 0; i < 2; i++) {
        note(arg);
        fiber_yield();
    }
}

static void start_yielders(void *arg)
{
    (void)arg;
    fiber_start(yielder, "a");
    fiber_start(yielder, "b");
}

Test(fiber, fibers_that_yield_take_turns)
{
    loop_run_virtual(start_yielders, NULL);
    cr_expect_str_eq(trace, "abab");
}

static void many(void *arg)
{
    static int ms = 5;
    (void)arg;
    for (int i = 0; i < 5000; i++)
        cr_expect_eq(fiber_start(sleeper, &ms), 0);
}

Test(fiber, thousands_live_at_once_and_a_limit_is_kept)
{
    loop_run_virtual(many, NULL);
    fibers_set_limit(0);
    cr_expect_eq(fiber_start(many, NULL), -1);
}

/* --- What a switch must not lose ----------------------------------------------------- */

enum { VALUES = 12, SWITCHES = 100 };

/* More values at once than a compiler has registers that outlive a call: all of those
 * are in use when it switches, the floating-point ones too. */
static void juggle(int seed, bool switching, double kept[VALUES])
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

static void juggler(void *arg)
{
    int seed = *(int *)arg;
    double kept[VALUES], wanted[VALUES];
    juggle(seed, true, kept);
    juggle(seed, false, wanted);
    cr_expect_arr_eq(kept, wanted, sizeof kept);
}

static void start_jugglers(void *arg)
{
    static int seeds[] = {1, 20, 300};
    (void)arg;
    for (size_t i = 0; i < 3; i++)
        fiber_start(juggler, &seeds[i]);
}

Test(fiber, each_finds_its_registers_as_it_left_them)
{
    loop_run_virtual(start_jugglers, NULL);
}

/* Down to `left` bytes below here, a kilobyte at a time, switching at each. */
static int dig(int left)
{
    volatile char ground[1024];
    for (size_t i = 0; i < sizeof ground; i++)
        ground[i] = (char)left;
    fiber_yield();
    int below = left > 0 ? dig(left - (int)sizeof ground) : 0;
    for (size_t i = 0; i < sizeof ground; i++)
        below += ground[i] != (char)left;
    return below;
}

static void digger(void *arg)
{
    cr_expect_eq(dig(*(int *)arg), 0, "somebody else's hand was on the stack");
}

static void start_diggers(void *arg)
{
    static int depths[] = {160000, 150001, 140002};
    (void)arg;
    for (size_t i = 0; i < 3; i++)
        fiber_start(digger, &depths[i]);
}

Test(fiber, each_has_a_deep_stack_to_itself)
{
    loop_run_virtual(start_diggers, NULL);
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

Test(fiber, a_wait_ends_by_its_deadline_an_early_wake_or_a_sticky_cancel)
{
    loop_run_virtual(park_paths, NULL);
}

/* --- Queue, group, flight, backoff ----------------------------------------------- */

static struct wait_queue queue;

static void queue_up(void *arg)
{
    if (wait_queue_park(&queue, deadline_in(100)) == WAIT_WOKEN)
        note(arg);
    else
        note("-");
}

static void wake_late(void *arg)
{
    (void)arg;
    fiber_sleep(100); /* due together with the waiter, and before it */
    cr_expect(wait_queue_wake_one(&queue));
}

static void wake_when_due(void *arg)
{
    (void)arg;
    fiber_start(wake_late, NULL);
    fiber_start(queue_up, "woken");
}

Test(fiber, a_wake_between_the_deadline_and_the_waiters_turn_is_not_lost)
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

Test(fiber, a_queue_serves_first_come_first_and_forgets_who_gave_up)
{
    loop_run_virtual(use_queue, NULL);
    cr_expect_str_eq(trace, "12-");
}

static void child(void *arg)
{
    note(fiber_sleep(*(int *)arg) == 0 ? "." : "x");
}

static void parent(void *arg)
{
    static int ms[] = {10, 500, 20};
    struct group group = {0};
    (void)arg;
    for (size_t i = 0; i < 3; i++)
        group_go(&group, child, &ms[i]);
    group_join(&group);
    note("|");
}

Test(fiber, a_group_is_joined_when_its_last_child_has_ended)
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

Test(fiber, cancelling_a_parent_cancels_its_children_and_still_joins_them)
{
    loop_run_virtual(cancel_a_parent, NULL);
    cr_expect_str_eq(trace, ".xx|");
    cr_expect_eq(clock_ms(), 1015);
}

static struct flight flight;
static int asked;

static void ask(void *arg)
{
    (void)arg;
    asked++;
    fiber_sleep(30);
}

static void asker(void *arg)
{
    enum wait_result result;
    bool led = flight_run(&flight, 7, ask, NULL, deadline_in(*(int64_t *)arg), &result);
    note(led ? "L" : result == WAIT_WOKEN ? "f" : "t");
}

static void fly(void *arg)
{
    static int64_t patient = 1000, hasty = 10;
    (void)arg;
    fiber_start(asker, &patient);
    fiber_start(asker, &patient);
    fiber_start(asker, &hasty);
}

Test(fiber, many_who_ask_the_same_make_one_flight)
{
    loop_run_virtual(fly, NULL);
    cr_expect_str_eq(trace, "tLf");
    cr_expect_eq(asked, 1);
}

Test(fiber, a_backoff_grows_by_1_6_up_to_its_cap_with_jitter)
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

static int gate[2]; /* a pipe: each byte lets one pass */

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
    cr_expect_eq(offload_run(&job, &passed, sizeof passed, deadline_in(5000), &err), 0);
    cr_expect(passed);

    passed = false;
    cr_expect_eq(offload_run(&job, &passed, sizeof passed, deadline_in(30), &err), -1, "the gate is shut");
    cr_expect_eq(err.code, ERR_TIMEOUT);
    open_gate();
    cr_expect_not(passed);

    char address[ADDRESS_MAX];
    err_clear(&err);
    cr_expect_eq(resolve_host("localhost", address, deadline_in(5000), &err), 0);
    cr_expect_str_eq(address, "127.0.0.1");
    cr_expect_eq(resolve_host("::1", address, 0, &err), 0);
    cr_expect_str_eq(address, "::1");
}

Test(fiber, blocking_calls_run_beside_the_loop_and_can_be_given_up)
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

Test(fiber, real_time_is_slept)
{
    clock_make_real();
    loop_open();
    loop_run(real_sleep, NULL);
    cr_expect_eq(loop_close(), 0);
}

/* --- The process itself stands still ------------------------------------------------- */

enum { ANSWER_MS = 200 };

static void on_answer(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    wait_wake(poll->data);
    uv_poll_stop(poll);
}

static void await_answer(void *arg)
{
    uv_poll_t *poll = arg;
    struct wait wait;
    wait_init(&wait);
    poll->data = &wait;
    cr_expect_eq(uv_poll_start(poll, UV_READABLE, on_answer), 0);
    open_gate();
    cr_expect_eq(wait_park(&wait, deadline_in(ANSWER_MS)), WAIT_WOKEN, "the answer was there in time, unread");
    uv_close((uv_handle_t *)poll, NULL);
}

static void stand_still(void *arg)
{
    (void)arg;
    int64_t end = deadline_in(ANSWER_MS + 1);
    while (deadline_left(end) > 0) {
    }
}

/* Both in one batch of fibers: the second runs as soon as the first waits. */
static void stand_still_while_an_answer_comes(void *poll)
{
    cr_expect_eq(fiber_start(await_answer, poll), 0);
    cr_expect_eq(fiber_start(stand_still, NULL), 0);
}

Test(fiber, an_answer_that_came_while_we_stood_still_is_not_late)
{
    uv_poll_t poll;
    clock_make_real();
    cr_assert_eq(pipe(gate), 0);
    loop_open();
    cr_assert_eq(uv_poll_init(loop_uv(), &poll, gate[0]), 0);
    loop_run(stand_still_while_an_answer_comes, &poll);
    cr_expect_eq(loop_close(), 0);
    close(gate[0]);
    close(gate[1]);
}
