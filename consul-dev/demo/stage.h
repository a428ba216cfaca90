/* stage: the cast of the story, and the eyes to see it with.
 *
 * Three user-services, an order-service and the real servers behind them, with
 * what each of the two sides (Consul, order-service) knows at a moment.
 */
#ifndef DEMO_STAGE_H
#define DEMO_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/http_probe.h"
#include "harness/load.h"
#include "harness/world.h"

enum { USERS = 3, VIEW_MAX = 8 };

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

/* --- What order-service knows: GET /discovery ---------------------------------- */

struct view {
    bool known;
    char source[16];
    int64_t age_ms;
    bool panic;
    int count, usable; /* usable: passing or warning, and not ejected */
    struct seen {
        char id[32], status[16];
        bool ejected;
        int64_t picks;
    } at[VIEW_MAX];
};

void view_take(const struct service *orders, const char *service, struct view *view);
const struct seen *view_find(const struct view *view, const char *id);

/* --- What Consul knows ------------------------------------------------------------ */

/* How many instances of a service it lists, in any state or (passing) only those
 * whose checks all pass. -1: no answer. */
int consul_count(const struct stage *stage, const char *service, bool passing);
bool consul_has(const struct stage *stage, const char *service, const char *id, bool passing);

/* --- Waiting ------------------------------------------------------------------------ */

/* Milliseconds until condition(arg) came true, or -1 at the limit. */
int64_t time_until(bool (*condition)(void *arg), void *arg, int64_t limit_ms);

/* A GET through order-service: status, and the named reply headers. */
struct called {
    int status;
    char upstream[64], source[16], cache[16];
};
void call_orders(struct stage *stage, int id, struct called *called);

#endif
