/* backups: checks the promises about backup requests (promise 16 of invariants.h). */
#ifndef SIMULATION_BACKUPS_H
#define SIMULATION_BACKUPS_H

#include "simulation/world.h"

/* Is another attempt of this call under way? */
bool backups_is_backup(const struct call_record *record);
/* An attempt begins. */
void backups_check_begin(const struct call_record *record);
/* A call has ended: none of its attempts that were cancelled has ejected an instance. */
void backups_check_blame(const struct call_record *record);

#endif
