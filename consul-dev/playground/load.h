/* load: calls order-service at an even rate, while the page has switched the load on.
 *
 * One call is GET /users/{id}. A call that waits does not hold up the next one, as with many
 * independent users: so a slow service does not get fewer calls. Each call counts for the instance
 * in its X-Upstream header.
 */
#ifndef PLAYGROUND_LOAD_H
#define PLAYGROUND_LOAD_H

#include "model.h"

enum { LOAD_RATE_MAX = 1000, LOAD_RATE_FIRST = 20, LOAD_USERS = 1000 /* the users in the database */ };

/* Run as a fiber, until it is cancelled. Also ends each second of model->seconds. */
void load_run(void *model);
/* The calls that are under way. */
int load_calls(void);

#endif
