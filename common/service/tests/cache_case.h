/* cache_case: what X-Cache of user-service's replies says about its cache. */
#ifndef SERVICE_TESTS_CACHE_CASE_H
#define SERVICE_TESTS_CACHE_CASE_H

#include <criterion/criterion.h>
#include <string.h>

#include "harness/http_probe.h"
#include "harness/world.h"

static inline bool is_cached(const struct service *users, const char *path, char result[16])
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    cr_expect_eq(probe_get(NULL, service_url(users, path, url), &reply), 200, "%s", path);
    probe_header(&reply, "X-Cache", result, 16);
    probe_reply_close(&reply);
    return strcmp(result, "hit") == 0;
}

struct cached {
    const struct service *users;
    const char *path;
    char result[16]; /* X-Cache of the last reply */
    bool missed;
};

static inline bool becomes_cached(void *arg)
{
    struct cached *cached = arg;
    bool is = is_cached(cached->users, cached->path, cached->result);
    cached->missed |= strcmp(cached->result, "miss") == 0;
    return is;
}

/* Checks that a GET puts a user into the cache: the first hit comes after a miss. (A
 * bypass may come in between: on a busy machine Redis may take over 100 ms, and the
 * service does not wait longer.) */
static inline void expect_miss_then_hit(const struct service *users, const char *path)
{
    struct cached cached = {.users = users, .path = path};
    cr_expect(wait_until(becomes_cached, &cached, 60000), "%s: %s", path, cached.result);
    cr_expect(cached.missed, "%s was already in the cache", path);
}

#endif
