/* fault_rows: every fault that a registry of one kind can have, one row each, while order-service is called.
 *
 * Each row checks: no GET fails; the three known instances stay in the list;
 * /discovery reports the fault; memory, CPU time, the pauses of the event loop and the number of requests to the
 * registry stay small; and the registry is used again in time after the fault ends.
 */
#ifndef ORDER_SERVICE_TESTS_FAULT_ROWS_H
#define ORDER_SERVICE_TESTS_FAULT_ROWS_H

#include "fault_case.h"

enum {
    /* Each row has a service of its own. With sanitizers a long list takes a second of CPU time, and with thirty
     * others beside it, longer than a query may take. */
    ROWS_AT_ONCE = SANITIZED ? 8 : 40,
    FAULT_MS = 5000,  /* how long a fault lasts at least */
    SHOWS_MS = 45000, /* until /discovery must show it: the TTL, a hung query, a busy machine. After 60 s missing
                       * instances are removed */
    BACK_MS = 10000,  /* docs/reference.md: in use again after a fault ends; the next one: after a hang */
    BACK_FROM_HANG_MS = 15000,
    SLACK_MS = 20000, /* added to both: forty rows share a busy machine */
    LONG_LIST = 10000,
    PAUSE_PART = 4,   /* the longest pause of the event loop is at most 1/4 of the work on a long list */
    CPU_PERCENT = 10, /* of a core, including the load and our requests; a busy loop takes 100 */
};

/* The kind of registry that the rows are about. */
struct kind {
    const char *name;          /* of the stand-in */
    const char *source;        /* X-Discovery-Source */
    const char *setting, *end; /* around the port of the stand-in */
    const char *more[3];       /* settings */
};

/* What /discovery shows while the fault lasts. */
struct row {
    const char *fault;
    const char *error; /* a part of last_error; NULL: no error */
    int unusable;      /* how many of the three known instances are missing or critical */
    int listed;        /* 0: the three known instances */
    int ejected;       /* by order-service itself, at least */
    int cpu_percent;   /* 0: CPU_PERCENT */
    int back_ms;       /* 0: BACK_MS */
};

/* --- Rows of every kind ----------------------------------------------------------------------------------- */

/* Each query has a deadline: PROMPT_MS and GRACE_MS in discovery/watch.c. After each failure the watch pauses longer:
 * pause_ms() there. */
#define BELOW_HTTP                                                                                                     \
    {"hang", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},                                         \
    {"slow-head", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},                                    \
    {"trickle", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},                                      \
    {"long-length", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},                                  \
    {"refuse", .error = "Connection refused"},                                                                         \
    {"close", .error = "the connection closed without a reply"},                                                       \
    {"reset", .error = "Connection reset by peer"},                                                                    \
    {"not-http", .error = "the reply is not valid HTTP"},                                                              \
    {"truncated", .error = "the connection closed within the reply"},                                                  \
    {"reset-body", .error = "Connection reset by peer"}

/* Two caps on a body: LIST_CAP of each kind limits its bytes (its own test: net/tests/test_http_faults.c), and
 * ENTRIES_MAX in registry/list_parser.c the number of tiny entries, without which the row endless takes half a core.
 * HEAD_MAX in net/http_call_response.c caps the headers. */
#define TOO_LARGE {"huge", .error = "too large"}, {"endless", .error = "too large"}, {"huge-head", .error = "too large"}

/* Only status 200 carries a list. CURLOPT_FOLLOWLOCATION 0 in net/http_client.c: no redirect is followed. */
#define OTHER_STATUS                                                                                                   \
    {"500", .error = "HTTP 500"}, {"503", .error = "HTTP 503"}, {"429", .error = "HTTP 429"},                          \
    {"403", .error = "HTTP 403"}, {"redirect", .error = "HTTP 302"}

/* An instance that disappears from the list may still be running: merged_list_update() in discovery/merged_list.c. If
 * all are critical, all are called: fail open in balance/eligible.c. A dead instance fails its calls and is ejected:
 * balance/outlier.c. A long list is parsed in slices, and each text is stored once: list_parser_feed(),
 * registry/list_parser.c. An unusable entry is dropped, the others stay: instance_check(), registry/instance.c. */
#define OF_ANY_LIST                                                                                                    \
    {"empty", .unusable = 3}, {"loss", .unusable = 2}, {"all-critical", .unusable = 3},                                \
    {"keeps-dead", .listed = UPSTREAMS + 1, .ejected = 1}, {"many", .listed = LONG_LIST, .cpu_percent = 50},           \
    {"hostile", .error = NULL}, {"ipv6", .error = NULL}, {"null-members", .error = NULL}

/* --- One row ------------------------------------------------------------------------------------------- */

struct subject {
    const struct kind *kind;
    const struct row *row;
    char pauses[PLACE_PATH_MAX + 32]; /* bench/pause.c writes the longest pause into this file */
    struct stand_in registry;
    struct service orders;
    struct load *load;
    int64_t cpu_before_ms, began_ms;
    int fewest;           /* of the three instances, in any view of /discovery */
    int errors_seen;      /* in how many views there was an error that the row does not expect */
    bool shown;           /* /discovery has shown what the row says */
    struct list_state last;
};

static void start_subject(struct subject *subject, const struct kind *kind, const struct row *row)
{
    static int started;
    char instances[128], address[64], registries[32], build[PLACE_PATH_MAX], preload[PLACE_PATH_MAX + 32];
    char pauses[PLACE_PATH_MAX + 64];
    *subject = (struct subject){.kind = kind, .row = row, .fewest = UPSTREAMS};
    snprintf(instances, sizeof instances, "127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d", upstreams[0].port,
             upstreams[1].port, upstreams[2].port);
    stand_in_start(&subject->registry, kind->name, instances);
    snprintf(address, sizeof address, "%s%d%s", kind->setting, subject->registry.port, kind->end ? kind->end : "");
    snprintf(registries, sizeof registries, "REGISTRIES=%s", kind->source);
    build_path(build);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s/pause.so", build);
    snprintf(subject->pauses, sizeof subject->pauses, "%s/pauses-%d", world.folder.path, started++);
    snprintf(pauses, sizeof pauses, "PAUSE_FILE=%s", subject->pauses);
    /* A short TTL: a list that is not confirmed soon has the source cache. */
    start_caller(&subject->orders, (const char *const[]){address, registries, "DISCOVERY_CACHE_TTL=3s", pauses,
                                                         SANITIZED ? "REGISTER_JITTER=0" : preload, kind->more[0],
                                                         kind->more[1], NULL});
}

static bool is_healthy(void *arg)
{
    struct subject *subject = arg;
    struct list_state *state = &subject->last;
    return read_state(&subject->orders, state) && strcmp(state->source, subject->kind->source) == 0 && !*state->error &&
           state->passing == UPSTREAMS;
}

static void begin_fault(struct subject *subject)
{
    subject->load = load_caller(&subject->orders, 10);
    subject->cpu_before_ms = cpu_ms(&subject->orders.proc);
    subject->began_ms = clock_ms();
    stand_in_switch(&subject->registry, subject->row->fault);
}

/* A list that is not confirmed within its TTL has the source cache. */
static bool shows_fault(void *arg)
{
    struct subject *subject = arg;
    const struct row *row = subject->row;
    struct list_state *state = &subject->last;
    if (!read_state(&subject->orders, state))
        return false;
    if (state->real < subject->fewest)
        subject->fewest = state->real;
    /* (A late reply may be the fault of a busy machine.) */
    subject->errors_seen += !row->error && *state->error && !strstr(state->error, "no whole reply in time");
    return strcmp(state->source, row->error ? "cache" : subject->kind->source) == 0 &&
           (row->error ? strstr(state->error, row->error) != NULL : !*state->error) &&
           state->passing == UPSTREAMS - row->unusable &&
           state->listed == (row->listed ? row->listed : UPSTREAMS) && state->ejected >= row->ejected;
}

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

/* Since the start. Measured in CPU time, so other programs do not make it longer. */
static double longest_pause_ms(const struct subject *subject)
{
    int64_t ns = 0;
    FILE *file = fopen(subject->pauses, "re");
    cr_expect(file && fread(&ns, sizeof ns, 1, file) == 1, "%s", subject->pauses);
    if (file)
        fclose(file);
    return (double)ns / 1e6;
}

static void judge_costs(struct subject *subject)
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
    fprintf(stderr, "    measured: %-13s %2lld lists, %2lld others in %lld ms, %2lld %% CPU, pause %.1f ms, %5ld KB, %s %s\n", row->fault,
            (long long)lists, (long long)others, (long long)since_ms, (long long)percent, pause_ms, memory_kb,
            subject->last.source, subject->last.error);
    json_decref(counts);
}

static void judge_state(const struct subject *subject)
{
    const struct list_state *last = &subject->last;
    cr_expect(subject->shown, "%s: /discovery has source %s, error %s, %d listed, %d passing", subject->row->fault,
              last->source, last->error, last->listed, last->passing);
    cr_expect_eq(subject->errors_seen, 0,
                 "%s: an unexpected error in %d views", subject->row->fault, subject->errors_seen);
    cr_expect_eq(subject->fewest, UPSTREAMS, "%s: the list shrank to %d", subject->row->fault, subject->fewest);
}

static void judge_calls(struct subject *subject)
{
    struct load_count count;
    load_stop(subject->load, &count);
    cr_expect_gt(count.ok, 0, "%s", subject->row->fault);
    cr_expect_eq(count.failed, 0, "%s: %llu failed, first %s", subject->row->fault, (unsigned long long)count.failed,
                 count.first_failure);
}

/* --- All rows ----------------------------------------------------------------------------------------------- */

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

static void forget_pauses(const struct subject *subject)
{
    const int64_t none = 0;
    FILE *file = fopen(subject->pauses, "r+e");
    cr_expect(file && fwrite(&none, sizeof none, 1, file) == 1, "%s", subject->pauses);
    if (file)
        fclose(file);
}

/* A long list is taken in slices: no pause of the loop holds most of the CPU time that the list takes. (A part, because
 * a time would say as much about the machine.) */
static void judge_pause(struct subject *subject)
{
    forget_pauses(subject);
    int64_t before_ms = cpu_ms(&subject->orders.proc);
    stand_in_switch(&subject->registry, subject->row->fault);
    cr_expect(wait_until(shows_fault, subject, SHOWS_MS), "%s", subject->row->fault);
    double pause_ms = longest_pause_ms(subject), spent_ms = (double)(cpu_ms(&subject->orders.proc) - before_ms);
    stand_in_switch(&subject->registry, "none");
    cr_expect(wait_until(is_healthy, subject, BACK_MS + SLACK_MS), "%s", subject->row->fault);
    fprintf(stderr, "    measured: %-13s the longest pause is %.1f ms of %.0f ms\n", subject->row->fault, pause_ms, spent_ms);
    cr_expect(pause_ms * PAUSE_PART <= spent_ms, "%s: the loop paused for %.1f of %.0f ms", subject->row->fault, pause_ms,
              spent_ms);
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
