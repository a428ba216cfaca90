/* real: the learner's balancer in a real order-service. */
#ifndef EXERCISE_2_REAL_H
#define EXERCISE_2_REAL_H

/* Two user-services with weights 3 and 1, registered in a real Consul, and an
 * order-service linked with the learner's weighted_pick(): 4 and 400 calls, counted
 * by X-Upstream. */
void real_calls(void);

#endif
