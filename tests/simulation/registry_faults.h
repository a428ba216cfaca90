/* registry_faults: what can go wrong with a registry: it is down, it fails, it loses its state, or
 * its list is wrong. */
#ifndef SIMULATION_REGISTRY_FAULTS_H
#define SIMULATION_REGISTRY_FAULTS_H

#include "simulation/fault_kinds.h"

extern const struct fault_kind registry_faults[];
extern const size_t registry_fault_count;

#endif
