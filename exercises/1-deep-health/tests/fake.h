/* fake: dependencies that are as a check wants them, and remember what they were asked. */
#ifndef EXERCISE_1_FAKE_H
#define EXERCISE_1_FAKE_H

#include "../given.h"

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

enum { UNTIL = 1000 }; /* the deadline that every check is given */

#endif
