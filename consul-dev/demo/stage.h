/* stage: the processes of the demo: three user-services, an order-service, and a real
 * PostgreSQL, Redis and Consul.
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

/* Starts PostgreSQL, Redis and Consul. Consul and the services use the ports of
 * `make up` if these are free. */
int stage_open(struct stage *stage, struct err *err);
void stage_close(struct stage *stage);

/* A restarted service keeps its id and port. */
int stage_start_user(struct stage *stage, int i, struct err *err);
int stage_start_orders(struct stage *stage, struct err *err);
void user_id(int i, char out[32]);

/* Starts steady traffic through order-service; NULL: cannot start it. */
struct load *stage_load(struct stage *stage);

/* A GET through order-service, on the stage's own connection. */
void call_orders(struct stage *stage, int id, struct called *called);

#endif
