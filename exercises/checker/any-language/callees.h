/* callees: stand-ins for user-service, which count the calls that they get, and the registries that list them.
 *
 * A callee is build/upstream-faults on a free port. Its registry is a real Consul, which checks its /health every
 * second, or build/registry-faults, which lists all callees and fails on demand. Errors end the check: this machine
 * cannot run it.
 */
#ifndef ANY_LANGUAGE_CALLEES_H
#define ANY_LANGUAGE_CALLEES_H

#include "harness/server.h"

struct callee {
    const char *id;
    int weight;
    struct port port, control;
    struct proc proc;
    int counted; /* calls, at the last callee_take() */
};

void callee_start(struct callee *callee, const char *id, int weight, const struct folder *folder);
/* kill -9: its port refuses connections. */
void callee_kill(struct callee *callee);
/* Again, on the same port. */
void callee_restart(struct callee *callee, const struct folder *folder);
/* "hang", "none" … : see tests/faults/reply_faults.c. */
void callee_fail(struct callee *callee, const char *fault);
/* The calls that it got since the last callee_take(), restart or change of fault. */
int callee_take(struct callee *callee);

/* Both return when Consul's list has changed. */
void consul_register(const struct server *consul, const struct callee *callee);
void consul_deregister(const struct server *consul, const struct callee *callee);
/* Waits until Consul lists it as passing, or (passing false) no longer does. */
void consul_await(const struct server *consul, const struct callee *callee, bool passing);

struct registry {
    struct port port, control;
    struct proc proc;
    char url[64]; /* for CONSUL_HTTP_ADDR */
};

void registry_start(struct registry *registry, const struct callee *callees, int count, const struct folder *folder);
/* "empty", "500", "none" … */
void registry_fail(const struct registry *registry, const char *fault);
/* How often it was asked for a list, since the last change of the fault. */
int registry_queries(const struct registry *registry);

#endif
