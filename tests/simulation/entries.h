/* entries: what a simulated registry writes down about each instance. */
#ifndef SIMULATION_ENTRIES_H
#define SIMULATION_ENTRIES_H

#include "simulation/registry.h"

/* A registration, as it travels. */
struct enrolment {
    int instance;
    const char *address;
    uint16_t port;
};

void entry_enroll(struct sim_registry *registry, const struct enrolment *enrolment);
void entry_remove(struct sim_registry *registry, int instance, const char *why);
/* A heartbeat. False: there is no such check, or lease. */
bool entry_beat(struct sim_registry *registry, int instance, bool healthy);
/* What a check has found. */
void entry_judge(struct sim_registry *registry, int instance, bool passing);
/* An operator's order about one. */
void entry_maintain(struct sim_registry *registry, int instance, bool on);

#endif
