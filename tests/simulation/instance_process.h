/* instance_process: the process of a simulated instance: it starts, registers through the real
 * code, answers calls, and is stopped or killed. */
#ifndef SIMULATION_INSTANCE_PROCESS_H
#define SIMULATION_INSTANCE_PROCESS_H

#include "net/http_client.h"
#include "simulation/world.h"

void instance_open(struct sim_instance *instance, struct world *world, int number);
/* Listens, and starts to register. moved: on another port than before. */
void instance_start(struct sim_instance *instance, bool moved);
/* kill -9 */
void instance_kill(struct sim_instance *instance);
/* SIGTERM: deregisters, serves until no more calls come, then ends. In a fiber. */
void instance_drain(struct sim_instance *instance);

/* Answers one call, in place of the network and the server. Like http_call(). */
int instance_answer(struct sim_instance *instance, const struct http_call *call, struct http_response *response,
                    struct err *err);

#endif
