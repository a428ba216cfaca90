/* control: what the actions of the page work on, and which long action runs. */
#ifndef PLAYGROUND_CONTROL_H
#define PLAYGROUND_CONTROL_H

#include "processes.h"

struct control {
    struct model *model;
    struct processes *processes; /* NULL in observe mode */
    bool restarting;             /* order-service restarts for a new setting */
    bool scenario_runs, scenario_stops;
};

#endif
