/* world: all that the two services need, real, private and on free ports.
 *
 *     struct world world;
 *     struct service users, orders;
 *     cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
 *     service_start(&users, &world, "user-service", (const char *[]){"SERVICE_WEIGHT=3", NULL}, &err);
 *     probe_get(NULL, service_url(&users, "/users/123", url), &reply);
 *     service_stop(&users);
 *     world_stop(&world);
 */
#ifndef HARNESS_WORLD_H
#define HARNESS_WORLD_H

#include "harness/server.h"

struct world {
    struct folder folder;
    struct server postgres, redis, consul;
};

/* PostgreSQL with the schema and seed data of both services, Redis, Consul: at
 * once, and all answer on return. After -1 nothing is left of it. */
int world_start(struct world *world, struct err *err);
void world_stop(struct world *world); /* may be called twice */
/* Of a PostgreSQL that was started by hand: the schema and seed data of both services. */
int world_load_schema(const struct world *world, struct err *err);

struct service {
    struct proc proc;
    int port;
    char log[PLACE_PATH_MAX + 64];
};

/* Runs $BUILD/<program>, or one with an absolute path, on the world's servers, quickly registered
 * (REGISTER_JITTER=0, CHECK_INTERVAL=1s, …; `env` overrides, "NAME=value", NULL at the
 * end, may be NULL), on any free port unless env says PORT. Returns when it
 * listens; it may not have registered yet. */
int service_start(struct service *service, const struct world *world, const char *program, const char *const env[],
                  struct err *err);
/* SIGTERM and up to 30 s: the exit code, or -1 where it had to be killed. */
int service_stop(struct service *service);

enum { SERVICE_URL_MAX = 512 };
/* http://127.0.0.1:<port><path>, in out, which it returns. */
const char *service_url(const struct service *service, const char *path, char out[SERVICE_URL_MAX]);

#endif
