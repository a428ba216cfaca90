/* real: the learner's health checks where they belong. */
#ifndef EXERCISE_1_REAL_H
#define EXERCISE_1_REAL_H

/* A user-service linked with the learner's health.c: PostgreSQL and Redis are
 * stopped, its disk is taken away, one at a time, and then both hang at once. */
void real_dependencies(void);
/* Two of them with a Redis each, and an order-service: one Redis is stopped, and started again. */
void real_instances(void);

#endif
