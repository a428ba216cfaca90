/* fault_rows: every fault that a registry of one kind can have, one row each, while order-service is called.
 *
 * Each row checks: no GET fails; the three known instances stay in the list;
 * /discovery reports the fault; memory, CPU time, the pauses of the event loop and the number of requests to the
 * registry stay small; and the registry is used again in time after the fault ends.
 */
#ifndef ORDER_SERVICE_TESTS_FAULT_ROWS_H
#define ORDER_SERVICE_TESTS_FAULT_ROWS_H

#include "fault_checks.h"

enum {
    /* Each row has a service of its own. With sanitizers a long list takes a second of CPU time, and with thirty
     * others beside it, longer than a query may take. */
    ROWS_AT_ONCE = SANITIZED ? 8 : 40,
    FAULT_MS = 5000, /* how long a fault lasts at least */
};

static void watch_fault(struct subject *subjects, size_t count)
{
    int64_t began_ms = clock_ms();
    for (size_t shown = 0; shown < count || clock_ms() - began_ms < FAULT_MS; sleep_ms(200)) {
        shown = 0;
        for (size_t i = 0; i < count; i++) {
            /* The fault must show once. Further views check that no instance disappears. */
            if (!subjects[i].shown || !subjects[i].row->listed)
                subjects[i].shown |= shows_fault(&subjects[i]);
            shown += subjects[i].shown;
        }
        if (clock_ms() - began_ms > SHOWS_MS)
            break;
    }
}

static void await_recovery(struct subject *subjects, size_t count)
{
    int64_t ended_ms = clock_ms();
    for (size_t i = 0; i < count; i++)
        stand_in_switch(&subjects[i].registry, "none");
    for (size_t i = 0; i < count; i++) {
        int back_ms = subjects[i].row->back_ms ? subjects[i].row->back_ms : BACK_MS;
        cr_expect(wait_until(is_healthy, &subjects[i], ended_ms + back_ms + SLACK_MS - clock_ms()),
                  "%s: not healthy again, %s, %s",
                  subjects[i].row->fault, subjects[i].last.source, subjects[i].last.error);
    }
    fprintf(stderr, "    measured: all are healthy again after %lld ms\n", (long long)(clock_ms() - ended_ms));
}

static void close_all(struct subject *subjects, size_t count)
{
    for (size_t i = 0; i < count; i++)
        proc_signal(&subjects[i].orders.proc, SIGTERM); /* all drain at once */
    for (size_t i = 0; i < count; i++) {
        proc_wait(&subjects[i].orders.proc, UP_MS); /* a second SIGTERM would cut it off */
        cr_expect_eq(service_stop(&subjects[i].orders), 0, "%s", subjects[i].row->fault);
        stand_in_stop(&subjects[i].registry);
    }
    stop_upstreams();
    folder_remove(&world.folder);
}

static void run_batch(const struct kind *kind, const struct row *rows, size_t count)
{
    static struct subject subjects[ROWS_AT_ONCE];
    take_folder();
    start_upstreams();
    for (size_t i = 0; i < count; i++)
        start_subject(&subjects[i], kind, &rows[i]);
    for (size_t i = 0; i < count; i++)
        cr_assert(wait_until(is_healthy, &subjects[i], UP_MS), "%s: does not start", rows[i].fault);
    for (size_t i = 0; i < count; i++)
        begin_fault(&subjects[i]);
    watch_fault(subjects, count);
    for (size_t i = 0; i < count; i++) {
        judge_costs(&subjects[i]);
        judge_state(&subjects[i]);
    }
    await_recovery(subjects, count);
    for (size_t i = 0; i < count; i++) {
        if (subjects[i].row->listed >= LONG_LIST && !SANITIZED)
            judge_pause(&subjects[i]);
        judge_calls(&subjects[i]);
    }
    close_all(subjects, count);
}

static void run_rows(const struct kind *kind, const struct row *rows, size_t count)
{
    for (size_t done = 0, batch; done < count; done += batch) {
        batch = count - done < ROWS_AT_ONCE ? count - done : ROWS_AT_ONCE;
        run_batch(kind, rows + done, batch);
    }
}

#endif
