/* What exercise 1 asks, in the order in which a learner meets it. */
#include <string.h>

#include "checker/check.h"
#include "fake.h"
#include "real.h"

typedef int check_function(struct deps *deps, deadline_t until, struct err *why);

/* What a check answers when its dependency is in this state, and the others are not. */
struct question {
    const char *name;       /* of the check: "check_redis()" */
    check_function *check;
    struct fake *own;       /* in deps below */
    const char *given;      /* what it should call */
    struct text dependency; /* "Redis" */
    struct text gone;       /* "Redis is stopped" */
};

static struct deps deps;
static struct err why;

static const struct question postgres = {"check_postgres()", check_postgres, &deps.postgres, "pg_select_1()",
                                         {"PostgreSQL", "PostgreSQL"}, {"PostgreSQL is stopped", "PostgreSQL 已停止"}};
static const struct question redis = {"check_redis()", check_redis, &deps.redis, "redis_ping()",
                                      {"Redis", "Redis"}, {"Redis is stopped", "Redis 已停止"}};
static const struct question disk = {"check_disk()", check_disk, &deps.disk, "disk_free_percent()",
                                     {"the disk", "磁盘"}, {"the disk cannot be read", "无法读取磁盘"}};

static int answer_of(const struct question *question, enum state state, int free_percent)
{
    deps = (struct deps){.free_percent = free_percent};
    why = (struct err){""};
    question->own->state = state;
    int answer = question->check(&deps, UNTIL, &why);
    if (answer != 0 && answer != -1)
        fail(TEXT("%s returned %d: 0 means healthy, -1 not, and there is nothing else",
                  "%s 返回了 %d：0 表示健康，-1 表示不健康，没有别的取值"),
             question->name, answer);
    return answer;
}

static void demand_it_asks(const struct question *question)
{
    if (question->own->asked == 0)
        fail(TEXT("%s, and %s returned 0: healthy. It never asked: it does not call %s (pitfall 1, the shallow check)",
                  "%s，%s 却返回 0（健康）。它根本没有去问：没有调用 %s（坑点 1：浅层健康检查）"),
             text_of(question->gone), question->name, question->given);
}

static void demand_bounded(const struct question *question)
{
    answer_of(question, HUNG, 50);
    if (question->own->until > UNTIL)
        fail(TEXT("%s hangs: %s waits longer than `until`, and /health with it: pass `until` on to %s",
                  "%s 卡住：%s 等待的时间超过了 until，/health 也会跟着卡住：请把 until 传给 %s"),
             text_of(question->dependency), question->name, question->given);
}

static void demand_only_its_own(const struct question *question)
{
    const struct question *const all[] = {&postgres, &redis, &disk};
    answer_of(question, UP, 50);
    for (int i = 0; i < 3; i++)
        if (all[i] != question && all[i]->own->asked)
            fail(TEXT("%s calls %s, too: each check asks its own dependency; health_status() puts them together",
                      "%s 还调用了 %s：每个检查只问自己的依赖，由 health_status() 汇总"),
                 question->name, all[i]->given);
}

static void demand_good_check(const struct question *question)
{
    int stopped = answer_of(question, STOPPED, 50);
    demand_it_asks(question);
    if (stopped != -1)
        fail(TEXT("%s, %s failed, and %s returned 0 (healthy) all the same: return what it returned",
                  "%s，%s 已失败，%s 却仍返回 0（健康）：请返回它的结果"),
             text_of(question->gone), question->given, question->name);
    if (!why.text[0])
        fail(TEXT("%s returned -1, and does not say why: pass `why` on to %s", "%s 返回了 -1，却没有说明原因：请把 why 传给 %s"), question->name,
             question->given);
    if (answer_of(question, UP, 50) != 0)
        fail(TEXT("%s is well, and %s returned -1 (not healthy)", "%s 正常，%s 却返回 -1（不健康）"), text_of(question->dependency),
             question->name);
    demand_bounded(question);
    demand_only_its_own(question);
}

static void asks_postgres(void)
{
    asking(TEXT("check_postgres(), PostgreSQL stopped", "check_postgres()，PostgreSQL 已停止"));
    demand_good_check(&postgres);
}

static void asks_redis(void)
{
    asking(TEXT("check_redis(), Redis stopped", "check_redis()，Redis 已停止"));
    demand_good_check(&redis);
}

static void watches_the_disk(void)
{
    asking(TEXT("check_disk(), the disk cannot be read", "check_disk()，无法读取磁盘"));
    int full = answer_of(&disk, UP, 0);
    if (disk.own->asked == 0)
        fail(TEXT("the disk is full, and check_disk() returned 0: healthy. It never asked: it does not call disk_free_percent()",
                  "磁盘已满，check_disk() 却返回 0（健康）。它根本没有去问：没有调用 disk_free_percent()"));
    if (full == 0)
        fail(TEXT("0%% of the disk is free, and check_disk() returned 0: healthy", "磁盘剩余 0%%，check_disk() 却返回 0（健康）"));
    demand_good_check(&disk);
    for (int percent = 0; percent <= 100; percent++) {
        int expected = percent < DISK_MIN_FREE_PERCENT ? -1 : 0, answer = answer_of(&disk, UP, percent);
        if (answer != expected)
            fail(TEXT("%d%% of the disk is free: expected %d of check_disk(), got %d (less than %d%% is too little)",
                      "磁盘剩余 %d%%：check_disk() 应返回 %d，实际返回 %d（低于 %d%% 为不足）"),
                 percent, expected, answer, DISK_MIN_FREE_PERCENT);
        if (expected != 0 && !why.text[0])
            fail(TEXT("check_disk() returned -1, and does not say why: use err_set(why, …)",
                      "check_disk() 返回了 -1，却没有说明原因：请用 err_set(why, …)"));
    }
}

static void any_failure_is_503(void)
{
    for (int bits = 7; bits >= 0; bits--) {
        bool pg = bits & 4, red = bits & 2, dsk = bits & 1;
        int expected = bits == 7 ? 200 : 503, status = health_status(pg, red, dsk);
        if (status == expected)
            continue;
        if (expected == 503 && status == 200)
            fail(TEXT("health_status(pg_ok=%d, redis_ok=%d, disk_ok=%d): expected 503, got 200. Consul looks at the status "
                      "alone: 200 is healthy to it, whatever the body says",
                      "health_status(pg_ok=%d, redis_ok=%d, disk_ok=%d)：应为 503，实际 200。Consul 只看状态码：200 就是健康，不管响应体写了什么"),
                 pg, red, dsk);
        fail(TEXT("health_status(pg_ok=%d, redis_ok=%d, disk_ok=%d): expected %d, got %d",
                  "health_status(pg_ok=%d, redis_ok=%d, disk_ok=%d)：应为 %d，实际 %d"),
             pg, red, dsk, expected, status);
    }
}

static const struct check checks[] = {
    {.asked = {"PostgreSQL stopped, hung and well: check_postgres() tells", "PostgreSQL 停止、卡住、正常：check_postgres() 都能分辨"},
     .function = "check_postgres",
     .run = asks_postgres},
    {.asked = {"Redis stopped, hung and well: check_redis() tells", "Redis 停止、卡住、正常：check_redis() 都能分辨"},
     .function = "check_redis",
     .run = asks_redis},
    {.asked = {"less than 5 % of the disk free: check_disk() tells", "磁盘剩余不足 5%：check_disk() 能发现"},
     .function = "check_disk",
     .run = watches_the_disk},
    {.asked = {"/health is 503 when any of the three fails", "三项中任何一项失败，/health 都返回 503"},
     .function = "health_status",
     .run = any_failure_is_503},
    {.asked = {"for real: PostgreSQL and Redis, each stopped and hung, and /health of your user-service tells, in time",
               "真实运行：PostgreSQL 和 Redis 分别停止、卡住，你的 user-service 的 /health 都及时反映"},
     .function = "health_status",
     .run = real_dependencies,
     .real = true,
     .limit_s = 60},
    {.asked = {"for real: two instances, one loses its Redis: Consul takes it out, calls go to the other, it comes back",
               "真实运行：两个实例，其中一个的 Redis 停了：Consul 把它摘除，请求都去另一个，恢复后它又回来"},
     .function = "health_status",
     .run = real_instances,
     .real = true,
     .limit_s = 60},
};

int main(int argc, char **argv)
{
    static const struct exercise exercise = {
        .number = 1,
        .lesson = {"exercise 1, and pitfall 1", "练习 1 和 坑点 1"},
        .checks = checks,
        .count = sizeof checks / sizeof *checks,
    };
    return exercise_main(&exercise, argc, argv);
}
