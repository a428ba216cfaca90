/* Every fault that an instance can have, one row each, in two situations. If it is the
 * only instance, order-service reports the fault in time. If there are also two healthy
 * instances, no call fails, and the faulty instance is soon ejected.
 * The comments in the table name the code that makes the rows below them pass.
 */
#include "base/clock.h"
#include "fault_case.h"
#include "harness/view.h"
#include "known_list.h"
#include "process_cost.h"

TestSuite(faults_upstream, .timeout = 300);

enum {
    FAULT_MS = 5000,
    ATTEMPT_MS = 500,    /* CALL_TIMEOUT / CALL_ATTEMPTS, as set below */
    SLACK_MS = 8000,     /* for a busy machine; without a deadline a call would take the probe's 15 s */
    BACK_MS = 60000,
    CPU_PERCENT = 10,
    CALLS_MAX = 10,      /* to a failing instance: five failures eject it; a few more are in flight */
};

struct row {
    const char *fault;
    int status;         /* of order-service's reply if there is no other instance */
    const char *detail; /* a part of the problem's detail */
};

static const struct row rows[] = {
    /* Each attempt has its share of the deadline: try_peer() in client/service_client.c. */
    {"hang", 504, "no whole reply in time"},
    {"slow-head", 504, "no whole reply in time"},
    {"trickle", 504, "no whole reply in time"},
    {"long-length", 504, "no whole reply in time"},
    /* No instance could be reached, or each replied with 5xx. */
    {"refuse", 503, "Connection refused"},
    {"500", 503, "answered 500"},
    {"503", 503, "answered 503"},
    /* An incomplete reply is a failure: judge_error() in client/attempt.c. */
    {"close", 502, "the connection closed without a reply"},
    {"reset", 502, "Connection reset by peer"},
    {"truncated", 502, "the connection closed within the reply"},
    {"reset-body", 502, "Connection reset by peer"},
    {"not-http", 502, "the reply is not valid HTTP"},
    /* Only one JSON object is passed on: judge_reply() in client/attempt.c. */
    {"short-length", 502, "not a JSON object"},
    {"broken-json", 502, "not a JSON object"},
    {"wrong-type", 502, "not a JSON object"},
    {"null", 502, "not a JSON object"},
    {"nested", 502, "not a JSON object"},
    {"html", 502, "not a JSON object"},
    {"gzip", 502, "not a JSON object"},
    {"403", 502, "not a JSON object"},
    {"429", 502, "not a JSON object"},
    {"redirect", 502, "redirect"},
    /* USER_BODY_MAX in order-service/user_client.c, HEAD_MAX in net/http_call_response.c. */
    {"huge", 502, "too large"},
    {"endless", 502, "too large"},
    {"huge-head", 502, "too large"},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* --- One row --------------------------------------------------------------------------------------------- */

static struct subject {
    struct stand_in upstream; /* with the fault */
    struct service alone, among;
    struct load *load; /* on `among` */
    int64_t cpu_before_ms, began_ms;
} subjects[ROWS];

/* All rows share the two healthy instances. */
static void start_subject(struct subject *subject)
{
    char instances[160];
    stand_in_start(&subject->upstream, NULL, NULL);
    snprintf(instances, sizeof instances, "STATIC_INSTANCES=user-service=127.0.0.1:%d", subject->upstream.port);
    start_caller(&subject->alone, (const char *const[]){instances, "CALL_TIMEOUT=1500ms", NULL});
    snprintf(instances, sizeof instances, "STATIC_INSTANCES=user-service=127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d",
             subject->upstream.port, upstreams[0].port, upstreams[1].port);
    /* Long enough for two more attempts after the one that hangs. */
    start_caller(&subject->among, (const char *const[]){instances, "CALL_TIMEOUT=6s", NULL});
}

static bool is_healthy(void *arg)
{
    struct subject *subject = arg;
    struct called called;
    view_call(NULL, &subject->alone, 7, &called);
    return called.status == 200;
}

static void begin_fault(struct subject *subject, const struct row *row)
{
    subject->load = load_caller(&subject->among, 20);
    subject->cpu_before_ms = cpu_ms(&subject->among.proc);
    subject->began_ms = clock_ms();
    stand_in_switch(&subject->upstream, row->fault);
}

struct reply_of_one {
    const struct subject *subject;
    const struct row *row;
    struct probe_reply reply;
    int status;
};

static bool is_as_in_row(void *arg)
{
    struct reply_of_one *one = arg;
    char url[SERVICE_URL_MAX];
    one->status = probe_get(NULL, service_url(&one->subject->alone, "/users/7", url), &one->reply);
    return one->status == one->row->status && strstr(buf_text(&one->reply.body), one->row->detail);
}

/* Each call meets the fault again, because the only instance is never ejected. (If the
 * machine stalls for half a second, a call can time out instead.) */
static void judge_alone(struct subject *subject, const struct row *row)
{
    struct reply_of_one one = {.subject = subject, .row = row};
    bool is_so = wait_until(is_as_in_row, &one, UP_MS);
    struct probe_reply reply = one.reply;
    int status = one.status;
    int64_t took_ms = reply.took_us / 1000;
    const char *body = buf_text(&reply.body);
    cr_expect(is_so, "%s: %d %s", row->fault, status, body);
    cr_expect_leq(took_ms, ATTEMPT_MS + SLACK_MS, "%s: %lld ms", row->fault, (long long)took_ms);
    fprintf(stderr, "    measured: %-13s alone %d after %4lld ms: %.150s\n", row->fault, status, (long long)took_ms, body);
    probe_reply_close(&reply);
}

static void judge_costs(const struct service *service, const struct row *row, int64_t percent)
{
    if (SANITIZED)
        return;
    long memory_kb = peak_memory_kb(&service->proc);
    cr_expect_leq(memory_kb, MEMORY_MAX_KB, "%s: %ld KB at the peak", row->fault, memory_kb);
    cr_expect_leq(percent, CPU_PERCENT, "%s: %lld %% of a core", row->fault, (long long)percent);
}

static bool is_ejected(void *arg)
{
    const struct subject *subject = arg;
    struct list_state state;
    return read_state(&subject->among, &state) && state.ejected == 1;
}

/* Five failures in a row eject the instance, before the retry budget is used up. */
static void judge_among(struct subject *subject, const struct row *row)
{
    int64_t left_ms = FAULT_MS - (clock_ms() - subject->began_ms);
    cr_expect(wait_until(is_ejected, subject, UP_MS), "%s: is not ejected", row->fault);
    sleep_ms(left_ms > 0 ? left_ms : 0);
    int64_t percent = (cpu_ms(&subject->among.proc) - subject->cpu_before_ms) * 100 / (clock_ms() - subject->began_ms);

    struct load_count count;
    json_t *counts = stand_in_requests(&subject->upstream);
    load_stop(subject->load, &count);
    cr_expect_gt(count.ok, 0, "%s", row->fault);
    cr_expect_eq(count.failed, 0, "%s: %llu failed, first %s", row->fault, (unsigned long long)count.failed,
                 count.first_failure);
    cr_expect_leq(number_of(counts, "users"), CALLS_MAX, "%s: is still called", row->fault);
    cr_expect_eq(number_of(counts, "followed"), 0, "%s: a redirect was followed", row->fault);
    fprintf(stderr, "    measured: %-13s among others: %llu calls, none failed, the slowest %lld ms, %lld to it, %lld %% CPU\n",
            row->fault, (unsigned long long)count.ok, (long long)count.slowest_ms, (long long)number_of(counts, "users"),
            (long long)percent);
    json_decref(counts);
    judge_costs(&subject->among, row, percent);
    judge_costs(&subject->alone, row, 0);
}

static void close_subject(struct subject *subject)
{
    proc_wait(&subject->alone.proc, UP_MS); /* a second SIGTERM would cut it off */
    proc_wait(&subject->among.proc, UP_MS);
    cr_expect_eq(service_stop(&subject->alone), 0);
    cr_expect_eq(service_stop(&subject->among), 0);
    stand_in_stop(&subject->upstream);
}

Test(faults_upstream, failing_instance_is_reported_ejected_and_retried)
{
    take_folder();
    start_upstreams();
    for (int i = 0; i < ROWS; i++)
        start_subject(&subjects[i]);
    for (int i = 0; i < ROWS; i++)
        cr_assert(wait_until(is_healthy, &subjects[i], UP_MS), "%s: does not start", rows[i].fault);
    for (int i = 0; i < ROWS; i++)
        begin_fault(&subjects[i], &rows[i]);
    for (int i = 0; i < ROWS; i++)
        judge_alone(&subjects[i], &rows[i]);
    for (int i = 0; i < ROWS; i++)
        judge_among(&subjects[i], &rows[i]);

    for (int i = 0; i < ROWS; i++)
        stand_in_switch(&subjects[i].upstream, "none");
    for (int i = 0; i < ROWS; i++) /* the only instance is never ejected */
        cr_expect(wait_until(is_healthy, &subjects[i], BACK_MS), "%s: not healthy again", rows[i].fault);
    for (int i = 0; i < ROWS; i++) {
        proc_signal(&subjects[i].alone.proc, SIGTERM); /* all drain at once */
        proc_signal(&subjects[i].among.proc, SIGTERM);
    }
    for (int i = 0; i < ROWS; i++)
        close_subject(&subjects[i]);
    stop_upstreams();
    folder_remove(&world.folder);
}
