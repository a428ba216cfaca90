/* fake: simulated dependencies. A check sets their state; they count the calls and keep the deadline. */
#ifndef EXERCISE_1_FAKE_H
#define EXERCISE_1_FAKE_H

/* The given functions have the prefix given_ in the program, as in the real service: err_set() is also a function of
 * the project. */
#define pg_select_1 given_pg_select_1
#define redis_ping given_redis_ping
#define disk_free_percent given_disk_free_percent
#define err_set given_err_set
#include "1-deep-health/given.h"

enum state { UP, STOPPED, HUNG };

struct fake {
    enum state state;
    int calls;
    deadline_t until; /* of the last call */
};

struct deps {
    struct fake postgres, redis, disk;
    int free_percent;
};

struct err {
    char text[200];
};

static const deadline_t UNTIL = 7654321098; /* the deadline that every check gets: a moment, too large for a number of ms */

#endif
