/* The learner's checks in the real user-service. The linker replaces two functions
 * (--wrap): health_add() takes the learner's check instead of the service's check of
 * the same name, and health_report() answers with the learner's status. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "service/disk.h"
#include "service/health.h"

/* The same as in given.h. */
struct deps;
int check_postgres(struct deps *deps, int64_t until, struct err *why);
int check_redis(struct deps *deps, int64_t until, struct err *why);
int check_disk(struct deps *deps, int64_t until, struct err *why);
int health_status(bool pg_ok, bool redis_ok, bool disk_ok);
int given_pg_select_1(struct deps *deps, int64_t until, struct err *why);
int given_redis_ping(struct deps *deps, int64_t until, struct err *why);
int given_disk_free_percent(struct deps *deps, int64_t until, struct err *why);
int given_err_set(struct err *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The names that --wrap gives to the two functions. */
void __real_health_add(struct health *health, const struct health_probe *probe, void *arg);
int __real_health_report(struct health *health, struct buf *body);
void __wrap_health_add(struct health *health, const struct health_probe *probe, void *arg);
int __wrap_health_report(struct health *health, struct buf *body);

enum { POSTGRES, REDIS, DISK, CHECKS };

/* One of the service's own checks, and the last result of the learner's. */
struct own {
    int (*check)(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err);
    void *arg;
    bool ok;
};

static struct deps {
    struct own own[CHECKS];
} deps;

/* --- The given functions ------------------------------------------------------------------ */

static int run_own_check(const struct own *own, int64_t until, struct err *why)
{
    char detail[HEALTH_DETAIL_MAX] = "";
    return own->check(own->arg, until, detail, why);
}

int given_pg_select_1(struct deps *all, int64_t until, struct err *why)
{
    return run_own_check(&all->own[POSTGRES], until, why);
}

int given_redis_ping(struct deps *all, int64_t until, struct err *why)
{
    return run_own_check(&all->own[REDIS], until, why);
}

int given_disk_free_percent(struct deps *all, int64_t until, struct err *why)
{
    const struct disk *disk = all->own[DISK].arg;
    static struct disk unjudged; /* the same disk without a limit */
    char detail[HEALTH_DETAIL_MAX] = "";
    unjudged.path = disk->path;
    if (disk_check(&unjudged, until, detail, sizeof detail, why) != 0)
        return -1;
    return atoi(detail); /* "83.1% free …" */
}

int given_err_set(struct err *why, const char *fmt, ...)
{
    char text[sizeof why->text];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return err_set(why, ERR_FAILED, "%s", text);
}

/* --- The replaced functions --------------------------------------------------------------- */

static int run(int which, int (*check)(struct deps *deps, int64_t until, struct err *why), int64_t deadline,
               struct err *err)
{
    deps.own[which].ok = check(&deps, deadline, err) == 0;
    if (!deps.own[which].ok)
        return err_set(err, ERR_FAILED, "no reason given"); /* does nothing if there is one */
    err_clear(err);
    return 0;
}

static int run_postgres(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err)
{
    (void)arg, (void)detail;
    return run(POSTGRES, check_postgres, deadline, err);
}

static int run_redis(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err)
{
    (void)arg, (void)detail;
    return run(REDIS, check_redis, deadline, err);
}

static int run_disk(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err)
{
    (void)arg, (void)detail;
    return run(DISK, check_disk, deadline, err);
}

/* No check is vital, because the learner's health_status() decides. */
static const struct health_probe learners[CHECKS] = {
    [POSTGRES] = {"postgres", .check = run_postgres},
    [REDIS] = {"redis", .check = run_redis},
    [DISK] = {"disk", .check = run_disk},
};

void __wrap_health_add(struct health *health, const struct health_probe *probe, void *arg)
{
    for (int i = 0; i < CHECKS; i++) {
        if (strcmp(probe->name, learners[i].name) != 0)
            continue;
        deps.own[i] = (struct own){.check = probe->check, .arg = arg};
        probe = &learners[i];
    }
    __real_health_add(health, probe, arg);
}

int __wrap_health_report(struct health *health, struct buf *body)
{
    struct buf real = BUF_INIT(body->cap);
    int status = __real_health_report(health, &real);
    const char *checks = real.data ? strchr(real.data, ',') : NULL;
    if (status == 200)
        status = health_status(deps.own[POSTGRES].ok, deps.own[REDIS].ok, deps.own[DISK].ok);
    if (status == 200 || !checks || strstr(real.data, "\"draining\""))
        buf_adds(body, real.data ? real.data : "");
    else
        buf_addf(body, "{\"status\":\"unhealthy\"%s", checks);
    buf_close(&real);
    return status;
}
