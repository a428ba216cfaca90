/* process_faults: what can go wrong with an instance, with a caller, or with all instances at once. */
#ifndef SIMULATION_PROCESS_FAULTS_H
#define SIMULATION_PROCESS_FAULTS_H

#include "simulation/fault_kinds.h"

extern const struct fault_kind process_faults[];
extern const size_t process_fault_count;

#endif
