/* stage: the real servers of one lab, and what the labs ask Consul.
 *
 * A lab starts what it needs. stage_close() stops all of it.
 */
#ifndef LABS_STAGE_H
#define LABS_STAGE_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/cluster.h"
#include "harness/view.h"

enum { STAGE_USERS = 5, LIMIT_MS = 60000, STATUS_MAX = 16, OUTPUT_MAX = 160, CALLS = 50 };

struct stage {
    struct world world;
    struct cluster cluster;
    struct server other; /* a second datacenter, or another server that a lab needs */
    struct service users[STAGE_USERS], orders;
    struct proc callee; /* the stand-in for a service: see callee.h */
    int callee_port;
};

/* Only Consul, in dev mode; `options` for its agent: NULL: none. Errors are reported. */
bool stage_open_consul(struct stage *stage, const char *const options[]);
/* Also the stand-in callee. */
bool stage_open_callee(struct stage *stage);
/* PostgreSQL, Redis and Consul, for real services. */
bool stage_open_world(struct stage *stage);
/* Starts users[i] as user-service-<i + 1>; env as in service_start(). */
bool stage_start_user(struct stage *stage, int i, const char *const env[]);
bool stage_start_orders(struct stage *stage, const char *const env[]);
/* Starts `count` user-services, and order-service, which then knows all of them. */
bool stage_start_services(struct stage *stage, int count, const char *const env[]);
/* Starts a program of the lesson in C (exercises/0-lesson, consul-dev/pitfalls/lesson): argv[0] is its name. */
bool stage_start_lesson(const struct stage *stage, struct proc *proc, const char *const argv[]);
void stage_close(struct stage *stage);

/* --- Consul's HTTP API --------------------------------------------------------------- */

/* PUT with a body. Returns the status; 0: no reply in time. */
int consul_put(const struct server *consul, const char *path, const char *body);
int consul_put_within(const struct server *consul, const char *path, const char *body, int64_t limit_ms);
/* GET; NULL: no reply, or it is not 200 and JSON. The caller calls json_decref(). */
json_t *consul_get(const struct server *consul, const char *path);

/* Registers `id` of the service `name` at the callee's port, with a check in JSON such as
 * {"TTL":"2s"} ("": none). */
bool register_callee(const struct stage *stage, const char *name, const char *id, const char *check);
/* The same; the check requests a path of the callee every second, with a timeout of 1 s. */
bool register_checked(const struct stage *stage, const char *name, const char *id, const char *path);

/* The status of the check of one instance: "passing", "warning", "critical"; "": it has none. */
const char *check_status(const struct server *consul, const char *name, const char *id, char out[STATUS_MAX]);
/* The first line of what that check reported. */
const char *check_output(const struct server *consul, const char *name, const char *id, char out[OUTPUT_MAX]);
/* Waits until it is `status`. Returns the milliseconds; -1: not in LIMIT_MS. */
int64_t time_to_status(const struct server *consul, const char *name, const char *id, const char *status);
/* Waits until exactly `count` instances are passing; returns the same. */
int64_t time_to_passing(const struct server *consul, const char *name, int count);

/* --- What order-service knows --------------------------------------------------------- */

/* Waits until it knows `usable` instances that it may call, from `source` (NULL: any); returns the same. */
int64_t time_to_view(const struct stage *stage, const char *source, int usable);
/* Makes CALLS calls, one after the other. Returns how many succeed. */
int count_successes(const struct stage *stage);

#endif
