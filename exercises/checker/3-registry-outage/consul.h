/* consul: a Consul that does what a check wants, and counts who asks. */
#ifndef EXERCISE_3_CONSUL_H
#define EXERCISE_3_CONSUL_H

/* What is given has another name here than the learner knows it by, as in the real service. */
#define ask_consul given_ask_consul
#define err_set given_err_set
#include "3-registry-outage/given.h"

enum state { ANSWERS, STOPPED, HUNG };

enum { TTL_MS = 10000, HUNG_MS = 1000 };

struct consul {
    enum state state;
    int instances;          /* that it names: user-service-1 … */
    int64_t now_ms;         /* the time; one that hangs lets a second pass */
    int asked;
    void (*meanwhile)(void); /* another request, while the one that asks waits; may be NULL */
};
extern struct consul consul;

struct err {
    char text[200];
};

#endif
