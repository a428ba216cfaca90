#include "loop/fiber.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "loop/stack.h"

/* Stacks of ended fibers that are kept for new ones. Each holds the pages that its
 * fibers have used. */
enum { POOL_MAX = 256 };

struct fiber {
    struct stack stack;
    void (*fn)(void *arg);
    void *arg;

    struct fiber *next;   /* in the ready queue, or in the pool */
    struct wait *parked;  /* its present wait; NULL while it runs or is ready */
    enum wait_result result;
    int64_t deadline;     /* of the parked wait */
    size_t heap_index;    /* in the deadline heap, from 1; 0: not in it */

    bool cancelled;
    void (*on_cancel)(void *arg);
    void *on_cancel_arg;
};

static struct stack thread_stack = {.begun = true}; /* where fibers_run_ready was called */
static struct fiber *running;
static struct fiber *pool;
static size_t pooled, alive, limit = 20000;

/* --- Ready queue: first in, first out -------------------------------------- */

static struct fiber *ready_first, *ready_last;

static void ready_push(struct fiber *fiber)
{
    fiber->next = NULL;
    if (ready_last)
        ready_last->next = fiber;
    else
        ready_first = fiber;
    ready_last = fiber;
}

bool fibers_are_ready(void)
{
    return ready_first != NULL;
}

/* --- Deadlines: a binary heap; each fiber stores its index in it ------------- */

static struct fiber **heap; /* heap[1] is due first */
static size_t heap_len, heap_size;

static void heap_put(size_t i, struct fiber *fiber)
{
    heap[i] = fiber;
    fiber->heap_index = i;
}

static void heap_up(size_t i, struct fiber *fiber)
{
    for (; i > 1 && heap[i / 2]->deadline > fiber->deadline; i /= 2)
        heap_put(i, heap[i / 2]);
    heap_put(i, fiber);
}

static void heap_down(size_t i, struct fiber *fiber)
{
    for (size_t child; (child = 2 * i) <= heap_len; i = child) {
        if (child < heap_len && heap[child + 1]->deadline < heap[child]->deadline)
            child++;
        if (heap[child]->deadline >= fiber->deadline)
            break;
        heap_put(i, heap[child]);
    }
    heap_put(i, fiber);
}

static void heap_add(struct fiber *fiber)
{
    heap_up(++heap_len, fiber);
}

static void heap_remove(struct fiber *fiber)
{
    size_t i = fiber->heap_index;
    struct fiber *last = heap[heap_len--];
    fiber->heap_index = 0;
    if (last == fiber)
        return;
    if (i > 1 && heap[i / 2]->deadline > last->deadline)
        heap_up(i, last);
    else
        heap_down(i, last);
}

/* Room for one entry per living fiber, so that parking cannot fail. */
static int heap_reserve(size_t fibers)
{
    if (fibers < heap_size)
        return 0;
    size_t size = heap_size ? heap_size * 2 : 64;
    struct fiber **bigger = realloc(heap, size * sizeof *heap);
    if (!bigger)
        return -1;
    heap = bigger;
    heap_size = size;
    return 0;
}

int64_t fibers_next_deadline(void)
{
    return heap_len ? heap[1]->deadline : DEADLINE_NONE;
}

/* --- Start and end ---------------------------------------------------------- */

/* Runs on each stack: one fiber's function after the other, because a stack is reused
 * when its fiber has ended. */
static void fiber_main(void *arg)
{
    struct fiber *self = arg;
    for (;;) {
        self->fn(self->arg);
        self->fn = NULL;
        alive--;
        stack_switch(&self->stack, &thread_stack);
    }
}

static struct fiber *fiber_take(void)
{
    struct fiber *fiber = pool;
    if (fiber) {
        pool = fiber->next;
        pooled--;
        return fiber;
    }
    fiber = calloc(1, sizeof *fiber);
    if (fiber && stack_open(&fiber->stack, fiber_main, fiber) != 0) {
        free(fiber);
        return NULL;
    }
    return fiber;
}

static void fiber_give_back(struct fiber *fiber)
{
    if (pooled < POOL_MAX) {
        fiber->next = pool;
        pool = fiber;
        pooled++;
        return;
    }
    stack_close(&fiber->stack);
    free(fiber);
}

int fiber_start(void (*fn)(void *arg), void *arg)
{
    if (alive >= limit || heap_reserve(alive + 2) != 0)
        return -1;
    struct fiber *fiber = fiber_take();
    if (!fiber)
        return -1;
    fiber->fn = fn;
    fiber->arg = arg;
    fiber->cancelled = false;
    fiber->on_cancel = NULL;
    alive++;
    ready_push(fiber);
    return 0;
}

void fibers_free_pool(void)
{
    while (pool) {
        struct fiber *fiber = pool;
        pool = fiber->next;
        stack_close(&fiber->stack);
        free(fiber);
    }
    pooled = 0;
    if (alive == 0) {
        free(heap);
        heap = NULL;
        heap_size = 0;
    }
}

size_t fibers_alive(void)
{
    return alive;
}

void fibers_set_limit(size_t most)
{
    limit = most;
}

/* --- Waiting and waking ------------------------------------------------------ */

struct fiber *fiber_self(void)
{
    return running;
}

static void switch_away(void)
{
    stack_switch(&running->stack, &thread_stack);
}

static void end_wait(struct fiber *fiber, enum wait_result result)
{
    assert(fiber->parked);
    if (fiber->heap_index)
        heap_remove(fiber);
    fiber->parked->parked = false;
    fiber->parked = NULL;
    fiber->result = result;
    ready_push(fiber);
}

void wait_init(struct wait *wait)
{
    assert(running);
    *wait = (struct wait){.fiber = running};
}

enum wait_result wait_park(struct wait *wait, int64_t deadline)
{
    struct fiber *self = running;
    assert(self && wait->fiber == self && !wait->parked);
    if (wait->woken)
        return WAIT_WOKEN;
    if (self->cancelled)
        return WAIT_CANCELLED;
    if (deadline != DEADLINE_NONE) {
        if (deadline <= clock_ms())
            return WAIT_TIMEOUT;
        self->deadline = deadline;
        heap_add(self);
    }
    wait->parked = true;
    self->parked = wait;
    switch_away();
    /* A wake between the end of the wait and our turn counts. The waker has handed
     * something over (a place in a queue, a reply), which must not be lost. */
    return wait->woken ? WAIT_WOKEN : self->result;
}

void wait_park_always(struct wait *wait, void (*on_cancel)(void *arg), void *arg)
{
    struct fiber *self = running;
    assert(self && wait->fiber == self && !wait->parked);
    if (self->cancelled)
        on_cancel(arg);
    if (wait->woken)
        return;
    self->on_cancel = on_cancel;
    self->on_cancel_arg = arg;
    wait->parked = true;
    self->parked = wait;
    switch_away();
    self->on_cancel = NULL;
}

void wait_wake(struct wait *wait)
{
    if (wait->woken)
        return;
    wait->woken = true;
    if (wait->parked)
        end_wait(wait->fiber, WAIT_WOKEN);
}

void fiber_cancel(struct fiber *fiber)
{
    if (fiber->cancelled)
        return;
    fiber->cancelled = true;
    if (fiber->on_cancel)
        fiber->on_cancel(fiber->on_cancel_arg);
    else if (fiber->parked)
        end_wait(fiber, WAIT_CANCELLED);
}

bool fiber_cancelled(void)
{
    return running->cancelled;
}

void fiber_yield(void)
{
    ready_push(running);
    switch_away();
}

int fiber_sleep(int64_t ms)
{
    struct wait wait;
    wait_init(&wait);
    return wait_park(&wait, deadline_in(ms)) == WAIT_CANCELLED ? -1 : 0;
}

/* --- The scheduler ------------------------------------------------------------ */

void fibers_wake_overdue(int64_t now)
{
    while (heap_len && heap[1]->deadline <= now)
        end_wait(heap[1], WAIT_TIMEOUT);
}

void fibers_run_ready(void)
{
    /* Only those that are ready now. The fibers that they wake run in the next batch, so
     * that fibers which keep waking each other cannot starve the sockets. */
    struct fiber *batch = ready_first;
    ready_first = ready_last = NULL;
    while (batch) {
        struct fiber *fiber = batch;
        batch = fiber->next;
        running = fiber;
        stack_switch(&thread_stack, &fiber->stack);
        running = NULL;
        if (!fiber->fn)
            fiber_give_back(fiber);
    }
}
