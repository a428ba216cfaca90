#include "seconds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/json.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

static struct second_count *find(struct seconds *seconds, const char *instance)
{
    for (uint32_t i = 0; i < seconds->by_count; i++)
        if (strcmp(seconds->by[i].id, instance) == 0)
            return &seconds->by[i];
    return NULL;
}

static struct second_count *find_or_add(struct seconds *seconds, const char *instance)
{
    struct second_count *count = find(seconds, instance);
    if (count || seconds->by_count == SECOND_INSTANCES_MAX)
        return count;
    count = &seconds->by[seconds->by_count++];
    *count = (struct second_count){.calls = 0};
    snprintf(count->id, sizeof count->id, "%s", instance);
    return count;
}

void seconds_call(struct seconds *seconds, const char *instance, bool ok, int64_t took_us)
{
    struct second_count *count = *instance ? find_or_add(seconds, instance) : NULL;
    if (count) {
        count->calls++;
        count->failed += !ok;
    }
    seconds->ok += ok;
    seconds->failed += !ok;
    seconds->total_ok += ok;
    seconds->total_failed += !ok;
    seconds->slow += took_us > SLOW_US;
    if (seconds->measured < SECOND_CALLS_MAX)
        seconds->took_us[seconds->measured++] = (uint32_t)took_us;
}

const struct second_count *seconds_of(const struct seconds *seconds, const char *instance)
{
    return find((struct seconds *)(uintptr_t)seconds, instance);
}

/* --- The end of a second ------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static double quantile_ms(const struct seconds *seconds, uint32_t percent)
{
    if (seconds->measured == 0)
        return 0;
    return seconds->took_us[(seconds->measured - 1) * percent / 100] / 1000.0;
}

static char *line_new(struct seconds *seconds, int64_t t)
{
    struct buf out = BUF_INIT(LINE_MAX_BYTES);
    qsort(seconds->took_us, seconds->measured, sizeof *seconds->took_us, by_number);
    buf_addf(&out, "{\"t\":%" PRId64 ",\"ok\":%u,\"failed\":%u,\"slow\":%u,\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"by\":{", t,
             seconds->ok, seconds->failed, seconds->slow, quantile_ms(seconds, 50), quantile_ms(seconds, 99));
    for (uint32_t i = 0; i < seconds->by_count; i++) {
        buf_adds(&out, i ? "," : "");
        json_add_string(&out, seconds->by[i].id, strlen(seconds->by[i].id));
        buf_addf(&out, ":%u", seconds->by[i].calls);
    }
    buf_adds(&out, "}}");
    return buf_take(&out);
}

void seconds_end(struct seconds *seconds, int64_t t)
{
    char **line = &seconds->lines[seconds->count++ % SECONDS_KEPT];
    free(*line);
    *line = line_new(seconds, t);
    seconds->ok = seconds->failed = seconds->slow = seconds->measured = seconds->by_count = 0;
}

/* --- Reading ---------------------------------------------------------------------------- */

static uint64_t oldest(const struct seconds *seconds)
{
    return seconds->count > SECONDS_KEPT ? seconds->count - SECONDS_KEPT : 0;
}

const char *seconds_line(const struct seconds *seconds, uint64_t number)
{
    return number >= oldest(seconds) && number < seconds->count ? seconds->lines[number % SECONDS_KEPT] : NULL;
}

void seconds_write(const struct seconds *seconds, struct buf *out)
{
    const char *before = "";
    buf_adds(out, "[");
    for (uint64_t number = oldest(seconds); number < seconds->count; number++) {
        const char *line = seconds_line(seconds, number);
        if (!line)
            continue;
        buf_addf(out, "%s%s", before, line);
        before = ",";
    }
    buf_adds(out, "]");
}

void seconds_close(struct seconds *seconds)
{
    for (int i = 0; i < SECONDS_KEPT; i++)
        free(seconds->lines[i]);
}
