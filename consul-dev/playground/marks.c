#include "marks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/json.h"

void marks_add(struct marks *marks, const char *code, const char *target, const char *text)
{
    struct mark *mark = &marks->ring[++marks->last % MARKS_KEPT];
    *mark = (struct mark){.id = marks->last, .t_ms = clock_wall_ms(), .code = code};
    snprintf(mark->target, sizeof mark->target, "%s", target);
    snprintf(mark->text, sizeof mark->text, "%s", text);
}

const struct mark *marks_get(const struct marks *marks, uint64_t id)
{
    const struct mark *mark = &marks->ring[id % MARKS_KEPT];
    return id > 0 && mark->id == id ? mark : NULL;
}

void mark_write(const struct mark *mark, struct buf *out)
{
    buf_addf(out, "{\"id\":%" PRIu64 ",\"t_ms\":%" PRId64 ",\"code\":\"%s\",\"target\":", mark->id, mark->t_ms,
             mark->code);
    json_add_string(out, mark->target, strlen(mark->target));
    buf_adds(out, ",\"text\":");
    json_add_string(out, mark->text, strlen(mark->text));
    buf_adds(out, "}");
}

void marks_write(const struct marks *marks, struct buf *out)
{
    uint64_t first = marks->last > MARKS_KEPT ? marks->last - MARKS_KEPT + 1 : 1;
    int64_t oldest = clock_wall_ms() - HISTORY_MS;
    const char *before = "";
    buf_adds(out, "[");
    for (uint64_t id = first; id <= marks->last; id++) {
        const struct mark *mark = marks_get(marks, id);
        if (!mark || mark->t_ms < oldest)
            continue;
        buf_adds(out, before);
        mark_write(mark, out);
        before = ",";
    }
    buf_adds(out, "]");
}
