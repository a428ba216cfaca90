/* real: the learner's cache where it belongs. */
#ifndef EXERCISE_3_REAL_H
#define EXERCISE_3_REAL_H

/* An order-service linked with the learner's instances.c, three user-services and
 * a steady load: Consul is stopped for two TTLs, hung, and back. No call may fail,
 * and none may take long. */
void real_outage(void);

#endif
