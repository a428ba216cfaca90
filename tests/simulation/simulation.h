/* simulation: whole populations of the real code, under faults, in milliseconds.
 *
 * Callers with their discovery, client and balancer, instances with their
 * registration: the code that runs in production, with two things replaced.
 * Time is virtual (an hour takes milliseconds), and the registry and the wires
 * are simulated, so that they can fail in every way, many at once. All that is
 * random comes from one seed: a run that breaks a promise (invariants.h) is run
 * again by its number, exactly, as often as it takes to understand it.
 *
 * (FoundationDB is tested so: Zhou et al., "FoundationDB: A Distributed
 * Unbundled Transactional Key Value Store", SIGMOD 2021, section 4.)
 */
#ifndef SIMULATION_SIMULATION_H
#define SIMULATION_SIMULATION_H

#include <stdint.h>

/* Runs one population for so long, and winds it up. 0, or -1: a promise was
 * broken; then it was written to standard error with the seed, the settings and
 * what had happened before. A process may run many, one after the other. */
int simulation_run(uint64_t seed, int64_t minutes);

/* Writes the run that is under way as if it had failed for this reason: for who
 * catches a crash in it. */
void simulation_report(const char *reason);

/* From now on each event is written at once. */
void simulation_be_verbose(void);

#endif
