/* lesson_run: runs the lesson's programs, build/lesson/…, on the servers of a pitfall.
 *
 * The client makes calls at an even rate until it is stopped. Its output says what became of each call:
 *
 *     lesson_client_start(&client, &world, "user-service", 10, 20, &err);   // caches for 10 s, 20 calls a second
 *     lesson_client_count(&client, &count);                                 // so far
 *     lesson_client_stop(&client, &count);                                  // in total
 */
#ifndef PITFALLS_LESSON_RUN_H
#define PITFALLS_LESSON_RUN_H

#include "harness/world.h"

struct lesson_client {
    struct proc proc;
};

struct lesson_count {
    int ok, failed, queries; /* queries: of Consul */
    bool crashed;            /* it ended by itself */
};

int lesson_client_start(struct lesson_client *client, const struct world *world, const char *service, int cache_ttl_s,
                        int per_second, struct err *err);
void lesson_client_count(struct lesson_client *client, struct lesson_count *count);
void lesson_client_stop(struct lesson_client *client, struct lesson_count *count); /* may be called twice */

/* Starts the lesson's user-service with the shallow check, in which Consul asks it at this interval, such as "1s". It
 * registers a moment later. database: a URL. */
int lesson_service_start(struct proc *proc, const struct folder *folder, const struct server *consul,
                         const char *service, int number, const char *interval, const char *database, struct err *err);

/* Removes the instance <service>-<number> from the list, whether it runs or not. */
void consul_deregister(const struct server *consul, const char *service, int number);

/* The path of a program of the lesson. */
void lesson_program(const char *name, char out[PLACE_PATH_MAX + 64]);

#endif
