/* view: what order-service and Consul know about the instances, read over their HTTP
 * interfaces.
 */
#ifndef HARNESS_VIEW_H
#define HARNESS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/http_probe.h"
#include "harness/world.h"

/* --- What order-service knows: GET /discovery ---------------------------------- */

enum { VIEW_MAX = 8 };

struct view {
    bool known;
    char source[16];
    int64_t age_ms;
    bool panic;
    char error[200]; /* "" for none */
    int count, usable; /* usable: passing or warning, and not ejected */
    struct seen {
        char id[32], status[16];
        bool ejected;
        int64_t picks;
    } at[VIEW_MAX];
};

void view_take(const struct service *orders, const char *service, struct view *view);
/* For an order-service that may hang: without a reply within limit_ms, view->known is false. */
void view_take_within(const struct service *orders, const char *service, int64_t limit_ms, struct view *view);
/* NULL: the instance is not in the list. */
const struct seen *view_find(const struct view *view, const char *id);

/* The result of GET /users/{id} from order-service: status (0: no reply) and headers. */
struct called {
    int status;
    char upstream[64], source[16], cache[16];
};
void view_call(struct probe *probe, const struct service *orders, int id, struct called *called);

/* --- What Consul knows ------------------------------------------------------------ */

/* The number of instances that Consul lists: all, or (passing) only those whose checks
 * all pass. -1: no reply. */
int consul_count(const struct server *consul, const char *service, bool passing);
bool consul_has(const struct server *consul, const char *service, const char *id, bool passing);

/* --- Time ---------------------------------------------------------------------------- */

/* Waits; returns the milliseconds until condition(arg) was true, or -1 at the limit. */
int64_t time_until(bool (*condition)(void *arg), void *arg, int64_t limit_ms);

#endif
