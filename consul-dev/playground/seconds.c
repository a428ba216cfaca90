#include "seconds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
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

static void keep_call(struct seconds *seconds, const char *instance, int status, int64_t began_us, int64_t took_us)
{
    struct second_call *call = &seconds->last[seconds->last_count++ % SECOND_LAST];
    *call = (struct second_call){.began_us = began_us, .took_us = took_us, .status = status};
    snprintf(call->instance, sizeof call->instance, "%s", instance);
}

void seconds_call(struct seconds *seconds, const char *instance, int status, int64_t began_us)
{
    bool ok = status > 0 && status < 500;
    int64_t took_us = clock_us() - began_us;
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
    seconds->total_slow += took_us > SLOW_US;
    keep_call(seconds, instance, status, began_us, took_us);
    if (seconds->measured < SECOND_CALLS_MAX)
        seconds->took_us[seconds->measured++] = (uint32_t)took_us;
    if (seconds->window < SECOND_CALLS_MAX)
        seconds->window_us[seconds->window++] = (uint32_t)took_us;
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
    uint32_t at = (seconds->measured - 1) * percent / 100;
    return seconds->took_us[at] / 1000.0;
}

/* All but the closing brace. */
static void write_line(struct seconds *seconds, int64_t t, struct buf *out)
{
    qsort(seconds->took_us, seconds->measured, sizeof *seconds->took_us, by_number);
    buf_addf(out, "{\"t\":%" PRId64 ",\"ok\":%u,\"failed\":%u,\"slow\":%u,\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"by\":{", t,
             seconds->ok, seconds->failed, seconds->slow, quantile_ms(seconds, 50), quantile_ms(seconds, 99));
    for (uint32_t i = 0; i < seconds->by_count; i++) {
        buf_adds(out, i ? "," : "");
        json_add_string(out, seconds->by[i].id, strlen(seconds->by[i].id));
        buf_addf(out, ":%u", seconds->by[i].calls);
    }
    buf_adds(out, "}");
}

static int by_begin(const void *a, const void *b)
{
    int64_t left = ((const struct second_call *)a)->began_us, right = ((const struct second_call *)b)->began_us;
    return (left > right) - (left < right);
}

/* In the order in which they were made: that of the picks. */
static void write_last(struct seconds *seconds, struct buf *out)
{
    uint32_t count = seconds->last_count < SECOND_LAST ? seconds->last_count : SECOND_LAST;
    qsort(seconds->last, count, sizeof *seconds->last, by_begin);
    buf_adds(out, ",\"last\":[");
    for (uint32_t i = 0; i < count; i++) {
        const struct second_call *call = &seconds->last[i];
        buf_adds(out, i ? ",[" : "[");
        json_add_string(out, call->instance, strlen(call->instance));
        buf_addf(out, ",%.1f,%d]", (double)call->took_us / 1000.0, call->status);
    }
    buf_adds(out, "]");
}

void seconds_end(struct seconds *seconds, int64_t t)
{
    struct buf line = BUF_INIT(LINE_MAX_BYTES), newest = BUF_INIT(LINE_MAX_BYTES);
    char **kept = &seconds->lines[seconds->count++ % SECONDS_KEPT];
    write_line(seconds, t, &line);
    buf_adds(&newest, buf_text(&line));
    write_last(seconds, &newest);
    buf_adds(&line, "}");
    buf_adds(&newest, "}");
    free(*kept);
    free(seconds->newest);
    *kept = buf_take(&line);
    seconds->newest = buf_take(&newest);
    seconds->ok = seconds->failed = seconds->slow = seconds->measured = seconds->by_count = seconds->last_count = 0;
}

void seconds_open_window(struct seconds *seconds)
{
    seconds->window = 0;
}

int64_t seconds_window_p99_ms(struct seconds *seconds)
{
    qsort(seconds->window_us, seconds->window, sizeof *seconds->window_us, by_number);
    return seconds->window == 0 ? 0 : seconds->window_us[(seconds->window - 1) * 99 / 100] / 1000;
}

/* --- Reading ---------------------------------------------------------------------------- */

static uint64_t oldest(const struct seconds *seconds)
{
    return seconds->count > SECONDS_KEPT ? seconds->count - SECONDS_KEPT : 0;
}

const char *seconds_line(const struct seconds *seconds, uint64_t number)
{
    if (number + 1 == seconds->count)
        return seconds->newest;
    return number >= oldest(seconds) && number < seconds->count ? seconds->lines[number % SECONDS_KEPT] : NULL;
}

void seconds_write(const struct seconds *seconds, struct buf *out)
{
    const char *before = "";
    buf_adds(out, "[");
    for (uint64_t number = oldest(seconds); number < seconds->count; number++) {
        const char *line = seconds->lines[number % SECONDS_KEPT];
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
    free(seconds->newest);
}
