#include "witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness/http_probe.h"
#include "report.h"

enum {
    PAUSE_MS = 150,
    TIMEOUT_MS = 1500,       /* longer than the servers wait for a leader */
    STALE_TIMEOUT_MS = 8000, /* each server answers a stale read at once, unless the machine stalls */
};

static const char *const mode_names[MODES] = {"", "&consistent", "&stale"};

const char *witness_key(int machine, int number, char out[48])
{
    snprintf(out, 48, "pitfall/%d-%d", machine, number);
    return out;
}

static bool put(struct probe *probe, const char *server, const char *key, const char *value)
{
    char url[256];
    struct probe_reply reply = {0};
    struct err ignored = ERR_INIT;
    snprintf(url, sizeof url, "%s/v1/kv/%s", server, key);
    const struct probe_request request = {.method = "PUT", .url = url, .body = value, .timeout_ms = TIMEOUT_MS};
    bool accepted = probe_send(probe, &request, &reply, &ignored) == 0 && reply.status == 200 &&
                    strncmp(buf_text(&reply.body), "true", 4) == 0;
    probe_reply_close(&reply);
    return accepted;
}

/* --- The clock ------------------------------------------------------------------------------- */

/* The index of the clock's last change; 0: it does not exist; -1: no reply. */
static long long index_of_clock(const struct witness *witness, struct probe *probe)
{
    char url[256];
    struct probe_reply reply = {0};
    struct err ignored = ERR_INIT;
    snprintf(url, sizeof url, "%s/v1/kv/clock?consistent", witness->url);
    const struct probe_request request = {.url = url, .timeout_ms = TIMEOUT_MS};
    int status = probe_send(probe, &request, &reply, &ignored) == 0 ? reply.status : 0;
    const char *index = status == 200 ? strstr(buf_text(&reply.body), "\"ModifyIndex\":") : NULL;
    long long value = index ? atoll(index + strlen("\"ModifyIndex\":")) : status == 404 ? 0 : -1;
    probe_reply_close(&reply);
    return value;
}

/* With check-and-set (cas): a write whose reply was an error may still be done later, and must not set the clock back.
 */
static void tick(struct witness *witness, struct probe *probe)
{
    char key[48], value[16];
    struct clock_key *clock = witness->clock;
    int next = clock->newest + 1;
    long long index = index_of_clock(witness, probe);
    snprintf(key, sizeof key, "clock?cas=%lld", index);
    snprintf(value, sizeof value, "%d", next);
    if (index >= 0 && next < TICKS_MAX && put(probe, witness->url, key, value)) {
        clock->confirmed_ms[next] = clock_ms();
        clock->newest = next;
    }
}

/* --- Reads and writes -------------------------------------------------------------------------- */

static void read_clock(struct witness *witness, struct probe *probe, enum mode mode)
{
    char url[256];
    struct probe_reply reply = {0};
    struct err ignored = ERR_INIT;
    struct clock_key *clock = witness->clock;
    int phase = clock->phase, newest = clock->newest;
    int64_t began = clock_ms();
    snprintf(url, sizeof url, "%s/v1/kv/clock?raw%s", witness->url, mode_names[mode]);
    const struct probe_request request = {.url = url, .timeout_ms = mode == STALE ? STALE_TIMEOUT_MS : TIMEOUT_MS};
    bool answered = probe_send(probe, &request, &reply, &ignored) == 0 && reply.status == 200;
    int value = answered ? atoi(buf_text(&reply.body)) : 0;
    probe_reply_close(&reply);
    if (clock->phase != phase)
        return;
    struct reads *reads = &witness->tally[phase].reads[mode];
    if (!answered) {
        reads->refused++;
    } else if (value >= newest) {
        reads->current++;
    } else {
        int64_t age_ms = began - clock->confirmed_ms[value + 1];
        reads->old++;
        reads->oldest_ms = age_ms > reads->oldest_ms ? age_ms : reads->oldest_ms;
    }
}

static void write_key(struct witness *witness, struct probe *probe)
{
    char key[48];
    int number = witness->write_count;
    if (number == WRITES_MAX)
        return;
    int phase = witness->clock->phase;
    bool accepted = put(probe, witness->url, witness_key(witness->machine, number, key), "x");
    witness->writes[witness->write_count++] = (struct write){accepted, (enum phase)phase};
    if (witness->clock->phase != phase)
        return;
    if (accepted)
        witness->tally[phase].accepted++;
    else
        witness->tally[phase].refused++;
}

/* --- The thread ---------------------------------------------------------------------------------- */

static void *run(void *arg)
{
    struct witness *witness = arg;
    struct probe *probe = probe_new();
    network_enter(witness->network, witness->machine);
    while (!witness->stop) {
        if (witness->has_pen)
            tick(witness, probe);
        write_key(witness, probe);
        for (int mode = 0; mode < MODES; mode++)
            read_clock(witness, probe, (enum mode)mode);
        sleep_ms(PAUSE_MS);
    }
    probe_free(probe);
    return NULL;
}

int witness_start(struct witness *witness, struct err *err)
{
    witness->runs = pthread_create(&witness->thread, NULL, run, witness) == 0;
    return witness->runs ? 0 : err_set(err, ERR_FAILED, "cannot watch a server: cannot create a thread");
}

void witness_stop(struct witness *witness)
{
    if (!witness->runs)
        return;
    witness->stop = true;
    pthread_join(witness->thread, NULL);
    witness->runs = false;
}
