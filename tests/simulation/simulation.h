/* simulation: runs whole populations of the real code, under faults, in milliseconds.
 *
 * Callers (discovery, client, balancer) and instances (registration) run the code that
 * runs in production; two things are replaced. Time is virtual: an hour takes
 * milliseconds. The registries and the network are simulated, so that they can fail in
 * every way, several at once. All random choices come from one seed: a run that breaks
 * a promise (invariants.h) can be repeated exactly by its seed.
 *
 * (FoundationDB is tested in this way: Zhou et al., "FoundationDB: A Distributed
 * Unbundled Transactional Key Value Store", SIGMOD 2021, section 4.)
 *
 * The files from bottom to top; each uses only those before it:
 *
 *   settings, bounds, trace, traffic
 *                               what a seed draws; the bounds of the promises; what happened
 *   process, instances, registry, entries, reported_list, callers, world
 *                               the state of all parts, and the simulated registry
 *   invariants, choice, calls   the promises
 *   wire, checker, instance_process, caller_process
 *                               what the parts do: the real code runs here
 *   fault_kinds, registry_faults, process_faults, faults, rolling
 *                               what goes wrong
 *   population, learning, story a world of any size, and its numbers
 *   simulation, main            a run; many seeds
 */
#ifndef SIMULATION_SIMULATION_H
#define SIMULATION_SIMULATION_H

#include <stdint.h>

/* Simulates one population for so many minutes, and ends it. 0, or -1: a promise was
 * broken, and the report is on standard error. A process may run many, one after the other. */
int simulation_run(uint64_t seed, int64_t minutes);

/* One world of this size, without random faults: story.h says what happens. 0 or -1, as above. */
int simulation_tell_story(uint64_t seed, int callers, int instances);

/* Writes the report of the current run, with this reason: for a signal handler. */
void simulation_report(const char *reason);

/* From now on each event is written at once. */
void simulation_be_verbose(void);

#endif
