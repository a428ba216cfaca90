#include "loop/loop.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/sync.h"

enum { HOOKS_MAX = 8 };

static uv_loop_t loop;
static uv_prepare_t prepare; /* runs fibers before the loop blocks … */
static uv_check_t check;     /* … and after sockets have called back */
static uv_idle_t idle;       /* active while fibers are ready: do not block */
static uv_timer_t timer;     /* the next deadline of a fiber */
static int64_t timer_at = DEADLINE_NONE;
static int64_t polled_ms; /* when the loop last began to poll the sockets */

static struct hook {
    void (*fn)(void *arg);
    void *arg;
} hooks[HOOKS_MAX];
static int hook_count;

/* --- One turn --------------------------------------------------------------- */

static void on_idle(uv_idle_t *handle)
{
    (void)handle; /* while it is active, the loop does not block */
}

static void on_timer(uv_timer_t *handle)
{
    (void)handle; /* on_check ends the waits that are due */
    timer_at = DEADLINE_NONE;
}

/* The timer is set again only for an earlier deadline. It costs less to let it fire
 * without need than to set it again for each request. */
static void set_timer(void)
{
    int64_t next = fibers_next_deadline();
    if (next >= timer_at)
        return;
    timer_at = next;
    uv_update_time(&loop);
    uv_timer_start(&timer, on_timer, (uint64_t)deadline_left(next), 0);
}

static void run_batch(void)
{
    fibers_run_ready();
    for (int i = 0; i < hook_count; i++)
        hooks[i].fn(hooks[i].arg);

    /* After the last fiber has ended the loop must not block either. */
    if (fibers_are_ready() || fibers_alive() == 0)
        uv_idle_start(&idle, on_idle);
    else
        uv_idle_stop(&idle);
    set_timer();
}

static void on_prepare(uv_prepare_t *handle)
{
    (void)handle;
    run_batch();
    polled_ms = clock_ms();
}

/* By now every byte that arrived before polled_ms has been read. So deadlines pass only
 * here, and only those before polled_ms. Otherwise a process that was itself stopped, on
 * a busy machine, would report timeouts although the replies had arrived in time. */
static void on_check(uv_check_t *handle)
{
    (void)handle;
    fibers_wake_overdue(polled_ms);
    run_batch();
}

/* --- Create, run, close ------------------------------------------------------ */

static void raise_open_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* A new file gets the lowest free number. If the parent process has closed a standard
 * file, one of our sockets would get its number: log lines would go to a database, and
 * libuv does not close these numbers. */
static void open_standard_files(void)
{
    int fd;
    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
        ;
    if (fd > STDERR_FILENO)
        close(fd);
}

void loop_open(void)
{
    signal(SIGPIPE, SIG_IGN);
    open_standard_files();
    raise_open_files();
    /* Enough threads that calls which hang (offload.h) do not hold up the others. */
    setenv("UV_THREADPOOL_SIZE", "16", 0);
    if (uv_loop_init(&loop) != 0) {
        fprintf(stderr, "cannot start the event loop: out of file descriptors or memory\n");
        exit(1);
    }
    uv_prepare_init(&loop, &prepare);
    uv_check_init(&loop, &check);
    uv_idle_init(&loop, &idle);
    uv_timer_init(&loop, &timer);
    uv_prepare_start(&prepare, on_prepare);
    uv_check_start(&check, on_check);
}

void loop_run(void (*fn)(void *arg), void *arg)
{
    if (fiber_start(fn, arg) != 0)
        return;
    while (fibers_alive() > 0)
        uv_run(&loop, UV_RUN_ONCE);
}

int loop_close(void)
{
    uv_close((uv_handle_t *)&prepare, NULL);
    uv_close((uv_handle_t *)&check, NULL);
    uv_close((uv_handle_t *)&idle, NULL);
    uv_close((uv_handle_t *)&timer, NULL);
    timer_at = DEADLINE_NONE;
    /* Close callbacks run in the turn after uv_close. A call on a thread (offload.h) that
     * no fiber waits for any more gets a second to finish. */
    int64_t give_up = deadline_in(1000);
    int status;
    while ((status = uv_loop_close(&loop)) == UV_EBUSY && clock_ms() < give_up)
        uv_run(&loop, UV_RUN_NOWAIT);
    fibers_free_pool();
    return status == 0 ? 0 : -1;
}

void loop_run_virtual(void (*fn)(void *arg), void *arg)
{
    assert(clock_is_virtual());
    if (fiber_start(fn, arg) != 0)
        return;
    while (fibers_alive() > 0) {
        if (!fibers_are_ready()) {
            assert(fibers_next_deadline() != DEADLINE_NONE); /* else all of them would wait for ever */
            clock_advance_to(fibers_next_deadline());
        }
        fibers_wake_overdue(clock_ms());
        fibers_run_ready();
    }
}

uv_loop_t *loop_uv(void)
{
    return &loop;
}

/* --- Hooks ------------------------------------------------------------------- */

void loop_add_hook(void (*fn)(void *arg), void *arg)
{
    assert(hook_count < HOOKS_MAX);
    hooks[hook_count++] = (struct hook){fn, arg};
}

void loop_remove_hook(void (*fn)(void *arg), void *arg)
{
    for (int i = 0; i < hook_count; i++) {
        if (hooks[i].fn == fn && hooks[i].arg == arg) {
            hooks[i] = hooks[--hook_count];
            return;
        }
    }
}

/* --- Signals ----------------------------------------------------------------- */

static uv_signal_t on_term, on_int;
static struct wait_queue signal_waiters;
static int signals_caught, last_signal;

static void on_signal(uv_signal_t *handle, int signum)
{
    (void)handle;
    signals_caught++;
    last_signal = signum;
    wait_queue_wake_one(&signal_waiters);
}

void loop_catch_signals(void)
{
    uv_signal_init(&loop, &on_term);
    uv_signal_init(&loop, &on_int);
    uv_signal_start(&on_term, on_signal, SIGTERM);
    uv_signal_start(&on_int, on_signal, SIGINT);
}

void loop_release_signals(void)
{
    uv_close((uv_handle_t *)&on_term, NULL);
    uv_close((uv_handle_t *)&on_int, NULL);
}

int loop_next_signal(int64_t deadline)
{
    if (!signals_caught && wait_queue_park(&signal_waiters, deadline) != WAIT_WOKEN)
        return 0;
    signals_caught--;
    return last_signal;
}
