#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 60000 };

/* The index in Raft's log of each write of the witnesses; 0: this server does not have it. */
struct log_of_server {
    int64_t index[MACHINES][WRITES_MAX];
};

static bool read_log(const struct stage *stage, int machine, struct log_of_server *log)
{
    size_t i;
    json_t *entry, *list = stage_ask(stage, machine, NULL, "/v1/kv/pitfall/?recurse&stale", NULL);
    memset(log, 0, sizeof *log);
    json_array_foreach(list, i, entry) {
        int writer, number;
        const char *key = json_string_value(json_object_get(entry, "Key"));
        if (key && sscanf(key, "pitfall/%d-%d", &writer, &number) == 2 && writer < MACHINES && number < WRITES_MAX)
            log->index[writer][number] = json_integer_value(json_object_get(entry, "CreateIndex"));
    }
    json_decref(list);
    return list != NULL;
}

static struct log_of_server logs[MACHINES];

static bool logs_are_identical(void *arg)
{
    for (int i = 0; i < MACHINES; i++)
        if (!read_log(arg, i, &logs[i]) || memcmp(&logs[i], &logs[0], sizeof logs[0]) != 0)
            return false;
    return true;
}

static int by_index(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Two leaders that both commit would give the same index to two writes. */
static int count_twice(void)
{
    static int64_t all[MACHINES * WRITES_MAX];
    int twice = 0;
    memcpy(all, logs[0].index, sizeof all);
    qsort(all, MACHINES * WRITES_MAX, sizeof *all, by_index);
    for (int i = 1; i < MACHINES * WRITES_MAX; i++)
        twice += all[i] != 0 && all[i] == all[i - 1];
    return twice;
}

void history_read(const struct stage *stage, struct history *history)
{
    history->identical = wait_until(logs_are_identical, (void *)(uintptr_t)stage, LIMIT_MS);
    history->twice = count_twice();
    for (int i = 0; i < MACHINES; i++) {
        const struct witness *witness = &stage->witness[i];
        for (int number = 0; number < witness->write_count; number++) {
            const struct write *write = &witness->writes[number];
            bool there = logs[0].index[i][number] != 0;
            history->committed += there;
            history->lost += write->accepted && !there;
            history->undead += i == stage->cut && write->phase == PARTITION && !write->accepted && there;
        }
    }
}
