#include "timeline.h"

#include <stdio.h>
#include <unistd.h>

enum { NAME = 9, TIME = 9, CALLS = 14, LIST = 16 }; /* widths of columns */

static void print_heads(const struct record *record)
{
    print_padded("", TIME);
    for (int i = 0; i < record->callers; i++)
        print_padded(text_of(record->caller[i].name), record->caller[i].keeps_list ? CALLS + LIST : CALLS);
    printf("\n");
    print_padded("     t", TIME);
    for (int i = 0; i < record->callers; i++) {
        print_padded(text_of(TEXT(" ok failed", "成功 失败")), CALLS);
        if (record->caller[i].keeps_list)
            print_padded(text_of(TEXT("list", "列表")), LIST);
    }
    printf("\n");
}

void timeline_begin(const struct record *record)
{
    for (int i = 0; i < record->callers; i++) {
        printf("  ");
        print_padded(text_of(record->caller[i].name), NAME);
        printf("%s\n", text_of(record->caller[i].does));
    }
    printf(
        text_of(TEXT("Each caller gets %d requests a second. list: consul: confirmed by Consul within the TTL of %d s;\n"
                     "cache: older than that; then the age of the list.\n\n",
                     "每个调用方每秒收到 %d 个请求。列表：consul 表示在 TTL（%d 秒）内由 Consul 确认过；\n"
                     "cache 表示已经过期；后面是距上次更新的时间。\n\n")),
        CALLS_A_SECOND, TTL_MS / 1000);
    print_heads(record);
}

static void print_event(const struct event *event)
{
    bool colour = isatty(STDOUT_FILENO);
    printf("%s%6.1f s  > %s%s\n", colour ? "\033[1m" : "", (double)event->at_ms / 1000, event->text,
           colour ? "\033[0m" : "");
    fflush(stdout);
}

static void print_caller(const struct caller *caller, int step)
{
    const struct half_second *last = &caller->seen[step], *before = &caller->seen[step - 1];
    int failed = last->failed + before->failed;
    bool red = failed && isatty(STDOUT_FILENO);
    printf("%3d %s%6d%s    ", last->ok + before->ok, red ? "\033[31m" : "", failed, red ? "\033[0m" : "");
    if (!caller->keeps_list)
        return;
    char list[40] = "";
    if (!last->answered)
        snprintf(list, sizeof list, "?");
    else if (*last->source)
        snprintf(list, sizeof list, "%-6s %5.1f s", last->source, (double)last->age_ms / 1000);
    print_padded(list, LIST);
}

static void print_second(const struct record *record)
{
    printf("%6.1f s ", record->steps * STEP_MS / 1000.0);
    for (int i = 0; i < record->callers; i++)
        print_caller(&record->caller[i], record->steps - 1);
    printf("\n");
    fflush(stdout);
}

const struct record_listener timeline_listener = {.event = print_event, .second = print_second};
