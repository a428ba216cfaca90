/* stage: what a check of the learner's caller runs on: callees, and a registry that lists them.
 *
 * Each check is a process of its own, so there is one stage, and its servers end with the check, passed or not.
 */
#ifndef ANY_LANGUAGE_STAGE_H
#define ANY_LANGUAGE_STAGE_H

#include "callees.h"
#include "client.h"

enum { STAGE_MAX = 4 };

extern struct stage {
    struct folder folder;
    struct callee callees[STAGE_MAX]; /* A, B, C, D */
    int count;
    struct server consul;
    struct registry registry;
} stage;

/* A real Consul. With no callee yet. */
void stage_open_consul(void);
/* Starts one more callee, and registers it in Consul. Returns it. */
struct callee *stage_add(int weight);
/* A stand-in for Consul, which lists `count` callees of weight 1. */
void stage_open_faulty(int count);
void stage_close(void);

/* Makes calls until each callee has got one. False: not within the limit. Failed calls are allowed. */
bool stage_all_are_called(int64_t limit_ms);
/* Fails the check unless each callee gets calls within a while. */
void stage_expect_all_called(void);

#endif
