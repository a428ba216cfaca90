/* fake: dependencies that are as a check wants them, and remember what they were asked. */
#ifndef EXERCISE_1_FAKE_H
#define EXERCISE_1_FAKE_H

/* What is given has another name here than the learner knows it by, as in the real service. */
#define pg_select_1 given_pg_select_1
#define redis_ping given_redis_ping
#define disk_free_percent given_disk_free_percent
#define err_set given_err_set
#include "1-deep-health/given.h"

enum state { UP, STOPPED, HUNG };

struct fake {
    enum state state;
    int asked;
    deadline_t until; /* as it was told the last time */
};

struct deps {
    struct fake postgres, redis, disk;
    int free_percent;
};

struct err {
    char text[200];
};

static const deadline_t UNTIL = 7654321098; /* the deadline that every check is given: some moment, no number of ms */

#endif
