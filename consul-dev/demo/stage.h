/* stage: the processes of the demo: three user-services, an order-service, and a real
 * PostgreSQL, Redis and registry.
 */
#ifndef DEMO_STAGE_H
#define DEMO_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/load.h"
#include "harness/view.h"
#include "registry_kind.h"

enum { USERS = 3 };

struct stage {
    struct world world; /* without its Consul */
    const struct registry_kind *kind;
    struct server registry;
    struct service users[USERS];
    struct service orders;
    int user_port[USERS], order_port; /* 0: any */
    struct probe *probe;
};

/* Starts PostgreSQL, Redis and a registry of this kind. The registry and the services use their usual ports, those of
 * `make up`, if these are free. */
int stage_open(struct stage *stage, const struct registry_kind *kind, struct err *err);
void stage_close(struct stage *stage);

/* A restarted service keeps its id and port. */
int stage_start_user(struct stage *stage, int i, struct err *err);
int stage_start_orders(struct stage *stage, struct err *err);
/* Any other service that uses the stage's servers. settings: "NAME=value" …, NULL. */
int stage_start_service(struct stage *stage, struct service *service, const char *program,
                        const char *const settings[], struct err *err);
void user_id(int i, char out[32]);

/* What the registry lists of a service: the number of all or of the passing instances (-1: no reply); whether one is
 * among the passing ones. */
int stage_listed(const struct stage *stage, const char *service, bool passing);
bool stage_lists_passing(const struct stage *stage, const char *service, const char *id);

/* Starts steady traffic through order-service; NULL: cannot start it. */
struct load *stage_load(struct stage *stage);

/* A GET through order-service, on the stage's own connection. */
void call_orders(struct stage *stage, int id, struct called *called);

#endif
