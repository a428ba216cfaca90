/* scenario: the ways in which the registry can fail in the drill, and how each failure ends. */
#ifndef DRILL_SCENARIO_H
#define DRILL_SCENARIO_H

#include "stage.h"

struct scenario {
    const char *name;
    struct text what; /* what happens; shown to the learner */
    bool clustered;   /* on a cluster of three */
    bool silent;      /* Consul answers no request until it is healed */
    int (*harm)(struct stage *stage, struct err *err);
    int64_t lasts_ms; /* 0: it ends by itself */
    bool again;       /* the harm is repeated while it lasts */
    struct text healed;
    int (*heal)(struct stage *stage, struct err *err); /* NULL: it heals by itself */
};

/* NULL: unknown name. */
const struct scenario *scenario_find(const char *name);
/* "stop, hang, …" */
const char *scenario_names(void);

#endif
