/* fault_subject: what runs for one row: a stand-in for the registry, an order-service that uses it, and its load. */
#ifndef ORDER_SERVICE_TESTS_FAULT_SUBJECT_H
#define ORDER_SERVICE_TESTS_FAULT_SUBJECT_H

#include <string.h>

#include "base/clock.h"
#include "fault_table.h"
#include "known_list.h"
#include "process_cost.h"

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

static inline void start_subject(struct subject *subject, const struct kind *kind, const struct row *row)
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

static inline bool is_healthy(void *arg)
{
    struct subject *subject = arg;
    struct list_state *state = &subject->last;
    return read_state(&subject->orders, state) && strcmp(state->source, subject->kind->source) == 0 && !*state->error &&
           state->passing == UPSTREAMS;
}

static inline void begin_fault(struct subject *subject)
{
    subject->load = load_caller(&subject->orders, 10);
    subject->cpu_before_ms = cpu_ms(&subject->orders.proc);
    subject->began_ms = clock_ms();
    stand_in_switch(&subject->registry, subject->row->fault);
}

/* A list that is not confirmed within its TTL has the source cache. */
static inline bool shows_fault(void *arg)
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

#endif
