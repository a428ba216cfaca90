#include "chart.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "timeline.h"

enum { COLUMN = 1000 / STEP_MS, HEAD = 14 }; /* steps in a column; width left of the first column */

struct column {
    int ok, failed;
    bool outage;
    const struct half_second *last;
};

static struct column column_at(const struct record *record, int caller, int step)
{
    struct column column = {.ok = 0};
    for (int i = step; i < step + COLUMN; i++) {
        column.last = &record->caller[caller].seen[i];
        column.ok += column.last->ok;
        column.failed += column.last->failed;
        column.outage |= record_phase(record, i) == OUTAGE;
    }
    return column;
}

/* Full height: all calls succeeded. */
static const char *calls_mark(const struct column *column)
{
    static const char *const bars[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇"};
    int height = (column->ok * 7 + CALLS_A_SECOND / 2) / CALLS_A_SECOND;
    return column->failed ? "×" : bars[height > 7 ? 7 : height];
}

static const char *list_mark(const struct column *column)
{
    if (!column->last->answered)
        return "?";
    return strcmp(column->last->source, "consul") == 0 ? "━" : *column->last->source ? "┄" : " ";
}

static void print_row(const struct record *record, int caller, const char *head,
                      const char *(*mark)(const struct column *column))
{
    bool colour = isatty(STDOUT_FILENO);
    print_padded(head, HEAD);
    for (int step = 0; step + COLUMN <= record->steps; step += COLUMN) {
        struct column column = column_at(record, caller, step);
        if (colour)
            printf("%s%s", column.outage ? "\033[100m" : "", column.failed ? "\033[31m" : "\033[32m");
        printf("%s%s", mark(&column), colour ? "\033[0m" : "");
    }
    printf("\n");
}

static const char *outage_mark(const struct column *column)
{
    return column->outage ? "░" : " ";
}

void chart_print(const struct record *record)
{
    printf("\n%*s", HEAD, "");
    for (int second = 0; second * COLUMN < record->steps; second += 5)
        printf("%-5d", second);
    printf("s\n");
    for (int caller = 0; caller < record->callers; caller++) {
        print_row(record, caller, text_of(record->caller[caller].name), calls_mark);
        if (record->caller[caller].keeps_list)
            print_row(record, caller, text_of(TEXT("  its list", "  列表")), list_mark);
    }
    print_row(record, 0, "", outage_mark);
    printf("%*s%s\n", HEAD, "",
           text_of(TEXT(
               "one column a second; full height: all calls succeeded; ×: calls failed;\n"
               "              ━ the list is fresh, ┄ it is stale; ░ the outage, until Consul lists all instances again",
               "每列一秒；满格：调用全部成功；×：有调用失败；\n"
               "              ━ 列表新鲜，┄ 列表已过期；░ 故障期间，直到 Consul 重新列出所有实例")));
}
