/* entries: what a simulated registry stores about each instance. */
#ifndef SIMULATION_ENTRIES_H
#define SIMULATION_ENTRIES_H

#include "simulation/registry.h"

/* A registration on its way to the registry. */
struct sim_registration {
    int instance;
    const char *address;
    uint16_t port;
    enum maintenance maintenance;
};

void entry_register(struct sim_registry *registry, const struct sim_registration *registration);
void entry_remove(struct sim_registry *registry, int instance, const char *why);
/* False: there is no such check, or lease. */
bool entry_heartbeat(struct sim_registry *registry, int instance, bool healthy);
/* Stores the result of a check. */
void entry_set_passing(struct sim_registry *registry, int instance, bool passing);
/* An operator puts the instance into maintenance, or ends it. */
void entry_maintain(struct sim_registry *registry, int instance, bool on);

#endif
