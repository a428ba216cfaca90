/* consul: a simulated Consul. A check sets its state; it counts the queries. */
#ifndef EXERCISE_3_CONSUL_H
#define EXERCISE_3_CONSUL_H

/* The given functions have the prefix given_ in the program, as in the real service: err_set() is also a function of
 * the project. */
#define ask_consul given_ask_consul
#define err_set given_err_set
#include "3-registry-outage/given.h"

enum state { ANSWERS, STOPPED, HUNG };

enum { TTL_MS = 10000, HUNG_MS = 1000 };

struct consul {
    enum state state;
    int instances;          /* in its list: user-service-1 … */
    int64_t now_ms;         /* the time; a query to a hung Consul adds a second */
    int asked;              /* queries so far */
    void (*meanwhile)(void); /* called during a query, as another request; may be NULL */
};
extern struct consul consul;

struct err {
    char text[200];
};

#endif
