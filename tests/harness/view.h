/* view: what each of the two sides knows, order-service and Consul, as anybody
 * can see it from outside.
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
/* From one that may have lost its head: after so long it is not known. */
void view_take_within(const struct service *orders, const char *service, int64_t limit_ms, struct view *view);
/* NULL: it is not in the list. */
const struct seen *view_find(const struct view *view, const char *id);

/* A GET /users/{id} through order-service: status (0: no reply), and what its headers tell. */
struct called {
    int status;
    char upstream[64], source[16], cache[16];
};
void view_call(struct probe *probe, const struct service *orders, int id, struct called *called);

/* --- What Consul knows ------------------------------------------------------------ */

/* How many instances of a service it lists, in any state or (passing) only those
 * whose checks all pass. -1: no answer. */
int consul_count(const struct server *consul, const char *service, bool passing);
bool consul_has(const struct server *consul, const char *service, const char *id, bool passing);

/* --- How long until ---------------------------------------------------------------- */

/* Milliseconds until condition(arg) came true, or -1 at the limit. */
int64_t time_until(bool (*condition)(void *arg), void *arg, int64_t limit_ms);

#endif
