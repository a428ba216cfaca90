/* checker: what a simulated registry does by itself: it makes health checks, lets TTLs and
 * leases expire, and reaps. */
#ifndef SIMULATION_CHECKER_H
#define SIMULATION_CHECKER_H

/* A fiber; arg is the registry. Ends when the world ends. */
void checker_run(void *arg);

#endif
