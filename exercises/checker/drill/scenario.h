/* scenario: what happens to the registry, and how it ends. */
#ifndef DRILL_SCENARIO_H
#define DRILL_SCENARIO_H

#include "stage.h"

struct scenario {
    const char *name;
    struct text what; /* happens, for a person */
    bool clustered;   /* on a cluster of three */
    bool silent;      /* until it is healed it answers nobody */
    int (*harm)(struct stage *stage, struct err *err);
    int64_t lasts_ms; /* 0: it ends by itself */
    bool again;       /* while it lasts the harm is done again and again */
    struct text healed;
    int (*heal)(struct stage *stage, struct err *err); /* NULL: it heals by itself */
};

/* NULL: there is none of that name. */
const struct scenario *scenario_find(const char *name);
/* "stop, hang, …" */
const char *scenario_names(void);

#endif
