/* fault_checks: what must hold for each row: few requests, little memory and CPU time, short pauses of the event
 * loop, no failed call, and a known list that shows the fault.
 */
#ifndef ORDER_SERVICE_TESTS_FAULT_CHECKS_H
#define ORDER_SERVICE_TESTS_FAULT_CHECKS_H

#include "fault_subject.h"

enum {
    SHOWS_MS = 45000, /* until /discovery must show the fault: the TTL, a hung query, a busy machine. After 60 s
                       * missing instances are removed */
    PAUSE_PART = 4,   /* the longest pause of the event loop is at most 1/4 of the work on a long list */
};

/* Since the start. Measured in CPU time, so other programs do not make it longer. */
static inline double longest_pause_ms(const struct subject *subject)
{
    int64_t ns = 0;
    FILE *file = fopen(subject->pauses, "re");
    cr_expect(file && fread(&ns, sizeof ns, 1, file) == 1, "%s", subject->pauses);
    if (file)
        fclose(file);
    return (double)ns / 1e6;
}

static inline void judge_costs(struct subject *subject)
{
    const struct row *row = subject->row;
    json_t *counts = stand_in_requests(&subject->registry);
    int64_t since_ms = number_of(counts, "since_ms"), lists = number_of(counts, "list");
    int64_t others = number_of(counts, "register") + number_of(counts, "look") + number_of(counts, "other");
    int64_t spent_ms = cpu_ms(&subject->orders.proc) - subject->cpu_before_ms, took_ms = clock_ms() - subject->began_ms;
    int64_t percent = spent_ms * 100 / took_ms;
    long memory_kb = peak_memory_kb(&subject->orders.proc);
    double pause_ms = SANITIZED ? 0 : longest_pause_ms(subject);

    /* (libcurl sends a request again if its connection was closed meanwhile.) */
    cr_expect_leq(lists, 5 + since_ms / 500, "%s: %lld list queries in %lld ms",
                  row->fault, (long long)lists, (long long)since_ms);
    cr_expect_leq(others, 6 + 3 * since_ms / 1000, "%s: %lld other requests in %lld ms", row->fault, (long long)others,
                  (long long)since_ms);
    cr_expect_eq(number_of(counts, "followed"), 0, "%s: a redirect was followed", row->fault);
    if (!SANITIZED) {
        cr_expect_leq(memory_kb, MEMORY_MAX_KB, "%s: %ld KB at the peak", row->fault, memory_kb);
        cr_expect_leq(percent, row->cpu_percent ? row->cpu_percent : CPU_PERCENT, "%s: %lld %% of a core", row->fault,
                      (long long)percent);
    }
    fprintf(stderr,
            "    measured: %-13s %2lld lists, %2lld others in %lld ms, %2lld %% CPU, pause %.1f ms, %5ld KB, "
            "%s %s\n",
            row->fault, (long long)lists, (long long)others, (long long)since_ms, (long long)percent, pause_ms,
            memory_kb, subject->last.source, subject->last.error);
    json_decref(counts);
}

static inline void judge_state(const struct subject *subject)
{
    const struct list_state *last = &subject->last;
    cr_expect(subject->shown, "%s: /discovery has source %s, error %s, %d listed, %d passing", subject->row->fault,
              last->source, last->error, last->listed, last->passing);
    cr_expect_eq(subject->errors_seen, 0,
                 "%s: an unexpected error in %d views", subject->row->fault, subject->errors_seen);
    cr_expect_eq(subject->fewest, UPSTREAMS, "%s: the list shrank to %d", subject->row->fault, subject->fewest);
}

static inline void judge_calls(struct subject *subject)
{
    struct load_count count;
    load_stop(subject->load, &count);
    cr_expect_gt(count.ok, 0, "%s", subject->row->fault);
    cr_expect_eq(count.failed, 0, "%s: %llu failed, first %s", subject->row->fault, (unsigned long long)count.failed,
                 count.first_failure);
}

static inline void forget_pauses(const struct subject *subject)
{
    const int64_t none = 0;
    FILE *file = fopen(subject->pauses, "r+e");
    cr_expect(file && fwrite(&none, sizeof none, 1, file) == 1, "%s", subject->pauses);
    if (file)
        fclose(file);
}

/* A long list is taken in slices: no pause of the loop holds most of the CPU time that the list takes. (A part, because
 * a time would say as much about the machine.) */
static inline void judge_pause(struct subject *subject)
{
    forget_pauses(subject);
    int64_t before_ms = cpu_ms(&subject->orders.proc);
    stand_in_switch(&subject->registry, subject->row->fault);
    cr_expect(wait_until(shows_fault, subject, SHOWS_MS), "%s", subject->row->fault);
    double pause_ms = longest_pause_ms(subject), spent_ms = (double)(cpu_ms(&subject->orders.proc) - before_ms);
    stand_in_switch(&subject->registry, "none");
    cr_expect(wait_until(is_healthy, subject, BACK_MS + SLACK_MS), "%s", subject->row->fault);
    fprintf(stderr, "    measured: %-13s the longest pause is %.1f ms of %.0f ms\n", subject->row->fault, pause_ms,
            spent_ms);
    cr_expect(pause_ms * PAUSE_PART <= spent_ms, "%s: the loop paused for %.1f of %.0f ms", subject->row->fault,
              pause_ms, spent_ms);
}

#endif
