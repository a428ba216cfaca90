/* acts: the lesson's story, in the order in which the lesson tells it. */
#ifndef DEMO_ACTS_H
#define DEMO_ACTS_H

#include "stage.h"

/* 一 to 五: register, check, discover, call, balance. False: no point in going on. */
bool act_registration(struct stage *stage);
bool act_discovery(struct stage *stage);
void act_weights(struct stage *stage);

/* 七: what goes wrong with instances and what they share. */
void act_hung_instance(struct stage *stage);
void act_shared_redis(struct stage *stage);
void act_killed_instance(struct stage *stage);
void act_rolling_restart(struct stage *stage);

/* 六: what if the registry is gone? */
void act_consul_stopped(struct stage *stage);
void act_consul_restarted(struct stage *stage);

/* The last line of a step under load: how many requests, and that none failed. */
bool check_load(const struct load_count *count);

#endif
