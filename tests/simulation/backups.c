#include "simulation/backups.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "client/service_client.h"

static struct world *world_of(const struct call_record *record)
{
    return record->caller->process.world;
}

static int running(const struct call_record *record, int *last)
{
    int count = 0;
    for (int i = 0; i < record->attempts; i++) {
        count += record->tried[i].running;
        if (record->tried[i].running)
            *last = i;
    }
    return count;
}

bool backups_is_backup(const struct call_record *record)
{
    int last;
    return running(record, &last) > 0;
}

void backups_check_begin(const struct call_record *record)
{
    int first = 0, others = running(record, &first);
    struct world *world = world_of(record);
    const char *name = record->caller->process.name;
    int64_t waited_ms = clock_ms() - record->tried[first].begin_ms;
    if (others > 1)
        trace_break(&world->trace, "%s sends a call to a third instance, while two have not replied", name);
    if (others == 1 && (world->settings.backup_after_ms == 0 || waited_ms < world->settings.backup_after_ms))
        trace_break(&world->trace, "%s sends a backup request after %" PRId64 " ms", name, waited_ms);
}

/* --- Blame ------------------------------------------------------------------------------ */

static bool is_ejected(const struct buf *explanation, const char *id)
{
    char start[ID_MAX + 40];
    snprintf(start, sizeof start, "{\"id\":\"%s\",\"reason\":\"ejected", id);
    return strstr(buf_text(explanation), start) != NULL;
}

void backups_check_blame(const struct call_record *record)
{
    struct sim_caller *caller = record->caller;
    struct buf explanation = BUF_INIT(1 << 20);
    struct err err = ERR_INIT;
    for (int i = 0; i < record->attempts; i++) {
        if (!record->tried[i].was_cancelled || caller->observed[record->tried[i].instance].failures_ever > 0)
            continue;
        buf_clear(&explanation);
        if (service_client_explain(caller->client, SERVICE, "", &explanation, &err) == 0 &&
            is_ejected(&explanation, record->tried[i].id))
            trace_break(&world_of(record)->trace, "%s ejects %s, whose calls were cancelled, but have not failed",
                        caller->process.name, record->tried[i].id);
    }
    buf_close(&explanation);
}
