/* real: the learner's cache in a real order-service. */
#ifndef EXERCISE_3_REAL_H
#define EXERCISE_3_REAL_H

/* An order-service linked with the learner's instances.c, three user-services and a
 * steady load. Consul is stopped for two TTLs, started, hung for two TTLs, and resumed.
 * No call may fail, and none may take long. */
void real_outage(void);

#endif
