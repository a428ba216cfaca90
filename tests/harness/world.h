/* world: starts PostgreSQL, Redis and Consul for one test, on free ports, and services
 * that use them.
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

/* Starts PostgreSQL with the schema and seed data of both services, Redis and Consul, at
 * the same time. All answer on return. On -1 nothing stays running. */
int world_start(struct world *world, struct err *err);
void world_stop(struct world *world); /* may be called twice */
/* For a PostgreSQL that was started without world_start(): loads the schema and seed data of both services. */
int world_load_schema(const struct world *world, struct err *err);

struct service {
    struct proc proc;
    int port;
    char log[PLACE_PATH_MAX + 64];
};

/* Runs $BUILD/<program>, or a program with an absolute path, with the world's servers.
 * Settings make it register quickly (REGISTER_JITTER=0, CHECK_INTERVAL=1s, …) on any free
 * port, and its calls last out a machine that stalls (CALL_TIMEOUT=9s). `env` overrides
 * them: "NAME=value" …, NULL; may be NULL. Returns when it listens; it may not have
 * registered yet. */
int service_start(struct service *service, const struct world *world, const char *program, const char *const env[],
                  struct err *err);
/* The same without waiting: service->port stays 0. */
int service_launch(struct service *service, const struct world *world, const char *program, const char *const env[],
                   struct err *err);
/* Sends SIGTERM and waits up to 30 s. Returns the exit code; -1: it had to be killed. */
int service_stop(struct service *service);

enum { SERVICE_URL_MAX = 512 };
/* Writes http://127.0.0.1:<port><path> to out and returns out. */
const char *service_url(const struct service *service, const char *path, char out[SERVICE_URL_MAX]);

#endif
