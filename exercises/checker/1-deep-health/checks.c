/* The checks of exercise 1, in the order in which a learner meets them. */
#include <string.h>

#include "checker/exercise.h"
#include "fake.h"
#include "real.h"

typedef int check_function(struct deps *deps, deadline_t until, struct err *why);

/* One of the learner's functions: what it must call, and how messages name its dependency. */
struct question {
    const char *name;       /* "check_redis()" */
    check_function *check;
    struct fake *own;       /* in deps below */
    const char *given;      /* the function that it must call */
    struct text dependency; /* "Redis" */
    struct text gone, hung; /* "Redis is stopped", "Redis hangs" */
};

static struct deps deps;
static struct err why;

static const struct question postgres = {"check_postgres()", check_postgres, &deps.postgres, "pg_select_1()",
                                         {"PostgreSQL", "PostgreSQL"}, {"PostgreSQL is stopped", "PostgreSQL 已停止"}, {"PostgreSQL hangs", "PostgreSQL 卡住"}};
static const struct question redis = {"check_redis()", check_redis, &deps.redis, "redis_ping()",
                                      {"Redis", "Redis"}, {"Redis is stopped", "Redis 已停止"}, {"Redis hangs", "Redis 卡住"}};
static const struct question disk = {"check_disk()", check_disk, &deps.disk, "disk_free_percent()",
                                     {"the disk", "磁盘"}, {"the disk cannot be read", "无法读取磁盘"}, {"the disk hangs", "磁盘卡住"}};

static int answer_of(const struct question *question, enum state state, int free_percent)
{
    deps = (struct deps){.free_percent = free_percent};
    why = (struct err){""};
    question->own->state = state;
    int answer = question->check(&deps, UNTIL, &why);
    if (answer != 0 && answer != -1)
        fail(TEXT("%s returned %d: 0 means healthy, -1 not healthy; no other value is allowed",
                  "%s 返回了 %d：0 表示健康，-1 表示不健康，不允许其他值"),
             question->name, answer);
    return answer;
}

static void require_query(const struct question *question, struct text when, int answer)
{
    if (question->own->calls > 0)
        return;
    if (answer == 0)
        fail(TEXT("%s, but %s returned 0 (healthy). It did not check: it does not call %s (pitfall 1: a shallow check)",
                  "%s，%s 却返回 0（健康）。它没有真正检查：没有调用 %s（坑点 1：浅检查）"),
             text_of(when), question->name, question->given);
    fail(TEXT("%s returned -1 without a check: it does not call %s", "%s 没有检查就返回 -1（不健康）：没有调用 %s"), question->name,
         question->given);
}

static void require_deadline(const struct question *question)
{
    set_context(TEXT("%s, %s", "%s，%s"), question->name, text_of(question->hung));
    int answer = answer_of(question, HUNG, 50);
    require_query(question, question->hung, answer);
    if (question->own->until > UNTIL)
        fail(TEXT("%s: %s waits longer than `until`, so /health is late, too: pass `until` on to %s",
                  "%s：%s 等待的时间超过了 until，/health 也会超时：请把 until 传给 %s"),
             text_of(question->hung), question->name, question->given);
    if (question->own->until < UNTIL)
        fail(TEXT("%s gave %s until=%lld, but it was called with until=%lld. It is a moment, not a number of milliseconds: "
                  "pass it on unchanged",
                  "%s 传给 %s 的是 until=%lld，但它收到的是 until=%lld。until 是时刻，不是毫秒数：请原样传下去"),
             question->name, question->given, (long long)question->own->until, (long long)UNTIL);
}

static void require_only_own_dependency(const struct question *question)
{
    const struct question *const all[] = {&postgres, &redis, &disk};
    answer_of(question, UP, 50);
    for (int i = 0; i < 3; i++)
        if (all[i] != question && all[i]->own->calls)
            fail(TEXT("%s calls %s, too: each check asks only its own dependency; health_status() combines the results",
                      "%s 还调用了 %s：每个检查只检查自己的依赖，由 health_status() 汇总"),
                 question->name, all[i]->given);
}

static void require_good_check(const struct question *question)
{
    int stopped = answer_of(question, STOPPED, 50);
    require_query(question, question->gone, stopped);
    if (stopped != -1)
        fail(TEXT("%s, %s failed, but %s returned 0 (healthy): return its result",
                  "%s，%s 已失败，%s 却仍返回 0（健康）：请返回它的结果"),
             text_of(question->gone), question->given, question->name);
    if (!why.text[0])
        fail(TEXT("%s returned -1 without a reason: pass `why` on to %s", "%s 返回了 -1，却没有说明原因：请把 why 传给 %s"), question->name,
             question->given);
    set_context(TEXT("%s, everything works", "%s，一切正常"), question->name);
    int working = answer_of(question, UP, 50);
    if (working != 0 && question->own->calls == 0)
        fail(TEXT("%s did not check again: do not keep the last result. Each time it must call %s",
                  "%s 这次没有检查：不要保留上一次的结果，每次都要调用 %s"),
             question->name, question->given);
    if (working != 0)
        fail(TEXT("%s works, but %s returned -1 (not healthy)", "%s 正常，%s 却返回 -1（不健康）"), text_of(question->dependency),
             question->name);
    require_deadline(question);
    require_only_own_dependency(question);
}

static void checks_postgres(void)
{
    set_context(TEXT("check_postgres(), PostgreSQL stopped", "check_postgres()，PostgreSQL 已停止"));
    require_good_check(&postgres);
}

static void checks_redis(void)
{
    set_context(TEXT("check_redis(), Redis stopped", "check_redis()，Redis 已停止"));
    require_good_check(&redis);
}

static void checks_disk(void)
{
    struct text nearly_full = TEXT("3 % of the disk is free", "磁盘只剩 3%");
    set_context(TEXT("check_disk(), %s", "check_disk()，%s"), text_of(nearly_full));
    int nearly = answer_of(&disk, UP, 3);
    require_query(&disk, nearly_full, nearly);
    if (nearly == 0 && why.text[0])
        fail(TEXT("%s: check_disk() wrote a reason, but returned 0 (healthy): return err_set(why, …), which is -1",
                  "%s：check_disk() 写了原因，却返回 0（健康）：请写 return err_set(why, …)，它的值就是 -1"),
             text_of(nearly_full));
    if (nearly == 0)
        fail(TEXT("%s, but check_disk() returned 0 (healthy)", "%s，check_disk() 却返回 0（健康）"), text_of(nearly_full));
    set_context(TEXT("check_disk(), the disk cannot be read", "check_disk()，无法读取磁盘"));
    require_good_check(&disk);
    for (int percent = 0; percent <= 100; percent++) {
        set_context(TEXT("check_disk(), %d%% free", "check_disk()，剩余 %d%%"), percent);
        int expected = percent < DISK_MIN_FREE_PERCENT ? -1 : 0, answer = answer_of(&disk, UP, percent);
        if (answer != expected)
            fail(TEXT("%d%% of the disk is free: expected %d from check_disk(), got %d (less than %d%% is too little)",
                      "磁盘剩余 %d%%：check_disk() 应返回 %d，实际返回 %d（低于 %d%% 为不足）"),
                 percent, expected, answer, DISK_MIN_FREE_PERCENT);
        if (expected != 0 && !why.text[0])
            fail(TEXT("check_disk() returned -1 without a reason: use err_set(why, …)",
                      "check_disk() 返回了 -1，却没有说明原因：请用 err_set(why, …)"));
    }
}

enum { ALL_OK = 7 };

static int status_of(int bits)
{
    return health_status(bits & 4, bits & 2, bits & 1);
}

/* The likely reason for a 200 although a dependency fails. */
static const char *likely_cause(void)
{
    int healthy = 0;
    for (int bits = 0; bits <= ALL_OK; bits++)
        healthy += status_of(bits) == 200;
    return healthy == ALL_OK + 1
               ? text_of(TEXT("Consul reads only the status: 200 means passing, whatever the body says",
                              "Consul 只看状态码：200 就是健康，与响应体无关"))
               : text_of(TEXT("One failure is enough: answer 200 only if all three are healthy",
                              "一项失败就要返回 503：三项全部正常才是 200"));
}

static void any_failure_is_503(void)
{
    for (int bits = ALL_OK; bits >= 0; bits--) {
        int expected = bits == ALL_OK ? 200 : 503, status = status_of(bits);
        if (status == expected)
            continue;
        fail(TEXT("health_status(pg_ok=%d, redis_ok=%d, disk_ok=%d): expected %d, got %d%s%s",
                  "health_status(pg_ok=%d, redis_ok=%d, disk_ok=%d)：应为 %d，实际 %d%s%s"),
             bits >> 2 & 1, bits >> 1 & 1, bits & 1, expected, status, status == 200 ? text_of(TEXT(". ", "。")) : "",
             status == 200 ? likely_cause() : "");
    }
}

static const struct check checks[] = {
    {.title = {"check_postgres() reports a PostgreSQL that works, is stopped, or hangs", "PostgreSQL 正常、停止、卡住：check_postgres() 都能分辨"},
     .function = "check_postgres",
     .run = checks_postgres},
    {.title = {"check_redis() reports a Redis that works, is stopped, or hangs", "Redis 正常、停止、卡住：check_redis() 都能分辨"},
     .function = "check_redis",
     .run = checks_redis},
    {.title = {"check_disk() reports less than 5 % of free disk space", "磁盘剩余不足 5%：check_disk() 能发现"},
     .function = "check_disk",
     .run = checks_disk},
    {.title = {"/health answers 503 if any of the three fails", "三项中任何一项失败，/health 都返回 503"},
     .function = "health_status",
     .run = any_failure_is_503},
    {.title = {"for real: PostgreSQL, Redis and the disk fail; /health of your user-service reports it in time",
               "真实运行：PostgreSQL、Redis、磁盘出故障时，你的 user-service 的 /health 都及时反映"},
     .function = "health_status",
     .run = real_dependencies,
     .real = true,
     .limit_s = CHECK_REAL_LIMIT_S},
    {.title = {"for real: one of two instances loses its Redis; Consul marks it critical, calls go to the other, it recovers",
               "真实运行：两个实例之一的 Redis 停止，Consul 将它标记为异常（critical），请求都发给另一个；之后它恢复"},
     .function = "health_status",
     .run = real_instances,
     .real = true,
     .limit_s = CHECK_REAL_LIMIT_S},
};

int main(int argc, char **argv)
{
    static const struct exercise exercise = {
        .number = 1,
        .lesson = {"exercise 1, and pitfall 1", "练习 1 和坑点 1"},
        .checks = checks,
        .count = sizeof checks / sizeof *checks,
    };
    return exercise_main(&exercise, argc, argv);
}
