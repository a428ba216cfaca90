/* The wire between processes and the registry, and the registry's side of it. */
#ifndef SIMULATION_WIRE_H
#define SIMULATION_WIRE_H

#include "simulation/world.h"

/* A registration, as it travels. */
struct enrolment {
    int instance;
    const char *address;
    uint16_t port;
};

void entry_enroll(struct sim_registry *registry, const struct enrolment *enrolment);
void entry_remove(struct sim_registry *registry, int instance, const char *why);
/* False: there is no such check. */
bool entry_beat(struct sim_registry *registry, int instance, bool healthy);

#endif
