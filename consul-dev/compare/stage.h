/* stage: real services that use one kind of registry: three user-services and the order-service that calls them. */
#ifndef COMPARE_STAGE_H
#define COMPARE_STAGE_H

#include "group.h"
#include "harness/view.h"

enum { STAGE_USERS = 5, STAGE_FIRST = 3 }; /* the others start later */

/* Of all services, for all kinds: an instance is checked, or sends a heartbeat, every 5 s; the caller's list is stale
 * after 10 s. With the defaults, 10 s and 30 s, it would take twice as long. */
#define STAGE_CHECK_INTERVAL "CHECK_INTERVAL=5s"
#define STAGE_CACHE_TTL "DISCOVERY_CACHE_TTL=10s"

struct stage {
    struct world world; /* PostgreSQL and Redis, for all kinds */
    enum kind kind;
    struct group group;
    struct service users[STAGE_USERS], orders;
};

/* PostgreSQL and Redis. On -1 nothing stays running. */
int stage_open(struct stage *stage, struct err *err);
void stage_close(struct stage *stage); /* may be called twice */

/* Starts the registry's servers, the first user-services and order-service, and waits until it knows them. */
int stage_begin(struct stage *stage, enum kind kind, struct err *err);
void stage_end(struct stage *stage);

/* Starts users[i] as user-service-<i + 1>. Returns when it listens. */
int stage_start_user(struct stage *stage, int i, struct err *err);
const char *stage_user_id(int i, char out[32]);

/* What order-service's list says of users[i]. Both are false while it does not answer. */
bool stage_is_known(struct stage *stage, int i); /* it is passing; an ejected one is, too */
bool stage_is_out(struct stage *stage, int i);   /* it is critical or missing, so it is not called */
bool stage_is_ejected(struct stage *stage, int i);
/* http://…/users/ of order-service, for load_start(). */
const char *stage_users_url(const struct stage *stage, char out[SERVICE_URL_MAX]);

#endif
