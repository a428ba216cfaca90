/* marks: the events of the playground, such as "Consul was stopped" or "user-service-2 was ejected".
 *
 * The page shows them on its timeline and as a list. Each has a number, which a browser sends
 * back when it reconnects, so that no event is lost.
 */
#ifndef PLAYGROUND_MARKS_H
#define PLAYGROUND_MARKS_H

#include <stdint.h>

#include "base/buf.h"

enum {
    MARKS_KEPT = 200,               /* of the last … */
    HISTORY_MS = 2 * 60 * 1000,     /* … two minutes: what the page's timeline shows */
    TARGET_MAX = 129,               /* bytes, with the '\0': the longest id of an instance */
};

struct mark {
    uint64_t id;        /* from 1 */
    int64_t t_ms;       /* wall clock */
    const char *code;   /* static text: "ejected"; the page words it in the reader's language */
    char target[TARGET_MAX]; /* the id of a node; "" for none */
    char text[160];     /* details as the program has them: a value, a cause */
};

struct marks {
    struct mark ring[MARKS_KEPT];
    uint64_t last; /* the number of the newest; 0: none yet */
};

void marks_add(struct marks *marks, const char *code, const char *target, const char *text);
/* The mark with this number; NULL: older than those kept, or not there yet. Borrowed until the next marks_add(). */
const struct mark *marks_get(const struct marks *marks, uint64_t id);
/* Appends it as a JSON object. */
void mark_write(const struct mark *mark, struct buf *out);
/* Appends those of the last two minutes as a JSON array. */
void marks_write(const struct marks *marks, struct buf *out);

#endif
