#include "loop/offload.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "loop/fiber.h"
#include "loop/loop.h"

/* On the heap, because it may outlive its waiter. */
struct operation {
    uv_work_t request;
    const struct offload_job *job;
    struct wait *waiter; /* NULL: the fiber has stopped waiting */
    char arg[] __attribute__((aligned(16)));
};

static void on_thread(uv_work_t *request)
{
    struct operation *op = (struct operation *)request;
    op->job->work(op->arg);
}

static void on_done(uv_work_t *request, int status)
{
    (void)status; /* UV_ECANCELED: it never ran, and has no waiter */
    struct operation *op = (struct operation *)request;
    if (op->waiter) {
        wait_wake(op->waiter);
        return;
    }
    if (op->job->discard)
        op->job->discard(op->arg);
    free(op);
}

int offload_run(const struct offload_job *job, void *arg, size_t size, int64_t deadline, struct err *err)
{
    struct wait wait;
    wait_init(&wait);
    struct operation *op = calloc(1, sizeof *op + size);
    if (!op)
        return err_set(err, ERR_BUSY, "out of memory");
    op->job = job;
    op->waiter = &wait;
    memcpy(op->arg, arg, size);
    uv_queue_work(loop_uv(), &op->request, on_thread, on_done);

    enum wait_result result = wait_park(&wait, deadline);
    if (result != WAIT_WOKEN) {
        op->waiter = NULL;
        uv_cancel((uv_req_t *)&op->request);
        if (result == WAIT_TIMEOUT)
            return err_set(err, ERR_TIMEOUT, "timed out");
        return err_set(err, ERR_CANCELLED, "cancelled");
    }
    memcpy(arg, op->arg, size);
    free(op);
    return 0;
}
