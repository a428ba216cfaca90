/* app: the objects that all parts of user-service share. */
#ifndef APP_H
#define APP_H

#include "store/pg.h"
#include "store/redis.h"
#include "users.h"

struct app {
    const char *redis_url;
    struct pg *pg;
    struct redis *redis;
    struct users *users;
};

#endif
