/* scenario: what happens to the registry. */
#ifndef DRILL_SCENARIO_H
#define DRILL_SCENARIO_H

#include "checker/text.h"
#include "stage.h"

struct scenario {
    const char *name;
    struct text what; /* happens, for a person */
    int (*harm)(struct stage *stage, struct err *err);
    int64_t lasts_ms; /* 0: it is over as soon as it has happened */
    int (*heal)(struct stage *stage, struct err *err);
};

/* NULL: there is none of that name. */
const struct scenario *scenario_find(const char *name);
/* "stop, hang, …" */
const char *scenario_names(void);

#endif
