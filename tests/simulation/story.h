/* story: what happens in a world of a given size, and the numbers of each step, on standard output.
 *
 * All instances register, all callers start, nothing changes for two minutes, an instance dies
 * and starts again, Consul loses all data, up to ten instances restart. Time and the network are
 * virtual: a message takes 1 to 3 ms, whatever its size. The code, its CPU time and its memory
 * are real. All callers are in one process: they share each list, and parse no JSON.
 */
#ifndef SIMULATION_STORY_H
#define SIMULATION_STORY_H

#include "simulation/world.h"

/* Tells it until its end, or until a promise is broken. In a fiber; the world has not begun. */
void story_tell(struct world *world);

#endif
