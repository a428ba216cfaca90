/* acts: the steps of the demo, named after the parts of the lesson that they show. */
#ifndef DEMO_ACTS_H
#define DEMO_ACTS_H

#include "stage.h"

/* Parts one to five (一 to 五): register, check health, discover, call, balance. False: the other steps cannot run. */
bool act_registration(struct stage *stage);
bool act_discovery(struct stage *stage);
void act_weights(struct stage *stage);

/* Part seven (七): instances and their shared Redis fail. */
void act_hung_instance(struct stage *stage);
void act_shared_redis(struct stage *stage);
void act_killed_instance(struct stage *stage);
void act_rolling_restart(struct stage *stage);

/* Part six (六): the registry fails. */
void act_registry_stopped(struct stage *stage);
void act_registry_restarted(struct stage *stage);

/* Beyond the lesson: an instance joins, and its share grows. */
void act_slow_start(struct stage *stage);

/* The last line of a step under load: the number of requests, and a check that none failed. */
bool check_load(const struct load_count *count);

#endif
