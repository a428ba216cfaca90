/* stage: the cast of the story.
 *
 * Three user-services, an order-service and the real servers behind them.
 */
#ifndef DEMO_STAGE_H
#define DEMO_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/load.h"
#include "harness/view.h"

enum { USERS = 3 };

struct stage {
    struct world world;
    struct service users[USERS];
    struct service orders;
    int user_port[USERS], order_port; /* 0: any */
    struct probe *probe;
};

/* Starts PostgreSQL, Redis and Consul, on the ports that `make up` uses where
 * nobody has them. */
int stage_open(struct stage *stage, struct err *err);
void stage_close(struct stage *stage);

/* Each keeps its id and port over restarts. */
int stage_start_user(struct stage *stage, int i, struct err *err);
int stage_start_orders(struct stage *stage, struct err *err);
void user_id(int i, char out[32]);

/* Steady traffic through order-service; NULL: could not start. */
struct load *stage_load(struct stage *stage);

/* A GET through order-service, on the stage's own connection. */
void call_orders(struct stage *stage, int id, struct called *called);

#endif
