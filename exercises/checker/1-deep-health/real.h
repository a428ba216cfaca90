/* real: the learner's health checks in a real user-service. */
#ifndef EXERCISE_1_REAL_H
#define EXERCISE_1_REAL_H

/* A user-service linked with the learner's health.c. PostgreSQL stops, Redis stops,
 * the disk disappears, one at a time; then PostgreSQL and Redis hang together. */
void real_dependencies(void);
/* Two of them, each with a Redis of its own, and an order-service. One Redis is stopped and started again. */
void real_instances(void);

#endif
