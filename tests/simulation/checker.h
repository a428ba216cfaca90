/* checker: the work that a simulated registry does without a request: it makes health checks,
 * lets TTLs and leases expire, and reaps. */
#ifndef SIMULATION_CHECKER_H
#define SIMULATION_CHECKER_H

/* A fiber; arg is the registry. Ends when the world ends. */
void checker_run(void *arg);

#endif
