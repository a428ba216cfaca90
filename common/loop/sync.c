#include "loop/sync.h"

#include <assert.h>
#include <stdlib.h>

#include "base/rand.h"

/* --- queue --------------------------------------------------------------------- */

struct queued_wait {
    struct wait wait;
    struct queued_wait *prev, *next;
    bool queued;
};

static void queue_remove(struct wait_queue *queue, struct queued_wait *node)
{
    *(node->prev ? &node->prev->next : &queue->first) = node->next;
    *(node->next ? &node->next->prev : &queue->last) = node->prev;
    node->queued = false;
}

enum wait_result wait_queue_park(struct wait_queue *queue, int64_t deadline)
{
    struct queued_wait node = {.prev = queue->last, .queued = true};
    wait_init(&node.wait);
    *(queue->last ? &queue->last->next : &queue->first) = &node;
    queue->last = &node;

    enum wait_result result = wait_park(&node.wait, deadline);
    if (node.queued)
        queue_remove(queue, &node);
    return result;
}

bool wait_queue_wake_one(struct wait_queue *queue)
{
    struct queued_wait *node = queue->first;
    if (!node)
        return false;
    queue_remove(queue, node);
    wait_wake(&node->wait);
    return true;
}

void wait_queue_wake_all(struct wait_queue *queue)
{
    while (wait_queue_wake_one(queue)) {
    }
}

/* --- group --------------------------------------------------------------------- */

struct group_child {
    struct group *group;
    struct fiber *fiber; /* NULL until it runs */
    struct group_child *prev, *next;
    bool cancelled; /* before it ran */
    void (*fn)(void *arg);
    void *arg;
};

static void child_main(void *arg)
{
    struct group_child *child = arg;
    struct group *group = child->group;
    child->fiber = fiber_self();
    if (child->cancelled)
        fiber_cancel(child->fiber);
    child->fn(child->arg);

    *(child->prev ? &child->prev->next : &group->children) = child->next;
    if (child->next)
        child->next->prev = child->prev;
    free(child);
    if (!group->children && group->joiner)
        wait_wake(group->joiner);
}

int group_go(struct group *group, void (*fn)(void *arg), void *arg)
{
    struct group_child *child = calloc(1, sizeof *child);
    if (!child)
        return -1;
    *child = (struct group_child){.group = group, .next = group->children, .fn = fn, .arg = arg};
    if (fiber_start(child_main, child) != 0) {
        free(child);
        return -1;
    }
    if (child->next)
        child->next->prev = child;
    group->children = child;
    return 0;
}

void group_cancel(struct group *group)
{
    for (struct group_child *child = group->children; child; child = child->next) {
        if (child->fiber)
            fiber_cancel(child->fiber);
        else
            child->cancelled = true;
    }
}

static void cancel_children(void *arg)
{
    group_cancel(arg);
}

void group_join(struct group *group)
{
    if (!group->children)
        return;
    struct wait wait;
    wait_init(&wait);
    assert(!group->joiner);
    group->joiner = &wait;
    wait_park_always(&wait, cancel_children, group);
    group->joiner = NULL;
}

/* --- flight -------------------------------------------------------------------- */

struct flight_call {
    uint64_t key;
    struct wait_queue followers;
    struct flight_call *next;
};

static struct flight_call *flight_find(struct flight *flight, uint64_t key)
{
    struct flight_call *call = flight->calls;
    while (call && call->key != key)
        call = call->next;
    return call;
}

static void flight_remove(struct flight *flight, struct flight_call *gone)
{
    struct flight_call **link = &flight->calls;
    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
}

bool flight_run(struct flight *flight, uint64_t key, void (*fn)(void *arg), void *arg, int64_t deadline,
                enum wait_result *result)
{
    struct flight_call *leader = flight_find(flight, key);
    if (leader) {
        *result = wait_queue_park(&leader->followers, deadline);
        return false;
    }

    struct flight_call call = {.key = key, .next = flight->calls};
    flight->calls = &call;
    fn(arg);
    flight_remove(flight, &call);
    wait_queue_wake_all(&call.followers);
    *result = WAIT_WOKEN;
    return true;
}

/* --- backoff ------------------------------------------------------------------- */

int64_t backoff_next(struct backoff *backoff)
{
    int64_t base = backoff->next_ms ? backoff->next_ms : backoff->first_ms;
    if (base > backoff->cap_ms)
        base = backoff->cap_ms;
    backoff->next_ms = base * 16 / 10;

    int64_t wait = rand_jitter(base, 20);
    return wait < backoff->cap_ms ? wait : backoff->cap_ms;
}

void backoff_reset(struct backoff *backoff)
{
    backoff->next_ms = 0;
}
