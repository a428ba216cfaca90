/* What exercise 1 asks, in the order in which a learner meets it. */
#include <string.h>

#include "checker/exercise.h"
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
        fail(TEXT("%s returned %d: 0 means healthy, -1 not, and there is nothing else",
                  "%s 返回了 %d：0 表示健康，-1 表示不健康，没有别的取值"),
             question->name, answer);
    return answer;
}

static void demand_it_asks(const struct question *question, struct text when, int answer)
{
    if (question->own->asked > 0)
        return;
    if (answer == 0)
        fail(TEXT("%s, and %s returned 0: healthy. It never asked: it does not call %s (pitfall 1, the shallow check)",
                  "%s，%s 却返回 0（健康）。它根本没有去问：没有调用 %s（坑点 1：浅检查）"),
             text_of(when), question->name, question->given);
    fail(TEXT("%s says no without a look: it does not call %s", "%s 看也不看就说不健康：没有调用 %s"), question->name,
         question->given);
}

static void demand_bounded(const struct question *question)
{
    set_context(TEXT("%s, %s", "%s，%s"), question->name, text_of(question->hung));
    int answer = answer_of(question, HUNG, 50);
    demand_it_asks(question, question->hung, answer);
    if (question->own->until > UNTIL)
        fail(TEXT("%s: %s waits longer than `until`, and /health with it: pass `until` on to %s",
                  "%s：%s 等待的时间超过了 until，/health 也会跟着卡住：请把 until 传给 %s"),
             text_of(question->hung), question->name, question->given);
    if (question->own->until < UNTIL)
        fail(TEXT("%s gave %s until=%lld, where it got until=%lld. It is a moment, no number of milliseconds: pass on the one "
                  "that came",
                  "%s 给 %s 的是 until=%lld，它自己得到的却是 until=%lld。until 是时刻，不是毫秒数：原样传下去即可"),
             question->name, question->given, (long long)question->own->until, (long long)UNTIL);
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
    demand_it_asks(question, question->gone, stopped);
    if (stopped != -1)
        fail(TEXT("%s, %s failed, and %s returned 0 (healthy) all the same: return what it returned",
                  "%s，%s 已失败，%s 却仍返回 0（健康）：请返回它的结果"),
             text_of(question->gone), question->given, question->name);
    if (!why.text[0])
        fail(TEXT("%s returned -1, and does not say why: pass `why` on to %s", "%s 返回了 -1，却没有说明原因：请把 why 传给 %s"), question->name,
             question->given);
    set_context(TEXT("%s, all is well", "%s，一切正常"), question->name);
    int well = answer_of(question, UP, 50);
    if (well != 0 && question->own->asked == 0)
        fail(TEXT("%s did not ask again: remember nothing from one call to the next, each calls %s",
                  "%s 这次没有去问：不要记住上一次的结果，每次都要调用 %s"),
             question->name, question->given);
    if (well != 0)
        fail(TEXT("%s is well, and %s returned -1 (not healthy)", "%s 正常，%s 却返回 -1（不健康）"), text_of(question->dependency),
             question->name);
    demand_bounded(question);
    demand_only_its_own(question);
}

static void asks_postgres(void)
{
    set_context(TEXT("check_postgres(), PostgreSQL stopped", "check_postgres()，PostgreSQL 已停止"));
    demand_good_check(&postgres);
}

static void asks_redis(void)
{
    set_context(TEXT("check_redis(), Redis stopped", "check_redis()，Redis 已停止"));
    demand_good_check(&redis);
}

static void watches_the_disk(void)
{
    struct text nearly_full = TEXT("3 % of the disk is free", "磁盘只剩 3%");
    set_context(TEXT("check_disk(), %s", "check_disk()，%s"), text_of(nearly_full));
    int nearly = answer_of(&disk, UP, 3);
    demand_it_asks(&disk, nearly_full, nearly);
    if (nearly == 0 && why.text[0])
        fail(TEXT("%s: check_disk() says why, and returned 0 (healthy): return err_set(why, …), which is -1",
                  "%s：check_disk() 写了原因，却返回 0（健康）：请写 return err_set(why, …)，它的值就是 -1"),
             text_of(nearly_full));
    if (nearly == 0)
        fail(TEXT("%s, and check_disk() returned 0: healthy", "%s，check_disk() 却返回 0（健康）"), text_of(nearly_full));
    set_context(TEXT("check_disk(), the disk cannot be read", "check_disk()，无法读取磁盘"));
    demand_good_check(&disk);
    for (int percent = 0; percent <= 100; percent++) {
        set_context(TEXT("check_disk(), %d%% free", "check_disk()，剩余 %d%%"), percent);
        int expected = percent < DISK_MIN_FREE_PERCENT ? -1 : 0, answer = answer_of(&disk, UP, percent);
        if (answer != expected)
            fail(TEXT("%d%% of the disk is free: expected %d from check_disk(), got %d (less than %d%% is too little)",
                      "磁盘剩余 %d%%：check_disk() 应返回 %d，实际返回 %d（低于 %d%% 为不足）"),
                 percent, expected, answer, DISK_MIN_FREE_PERCENT);
        if (expected != 0 && !why.text[0])
            fail(TEXT("check_disk() returned -1, and does not say why: use err_set(why, …)",
                      "check_disk() 返回了 -1，却没有说明原因：请用 err_set(why, …)"));
    }
}

enum { ALL_WELL = 7 };

static int status_of(int bits)
{
    return health_status(bits & 4, bits & 2, bits & 1);
}

/* Why it may say 200 where something fails. */
static const char *suspicion(void)
{
    int healthy = 0;
    for (int bits = 0; bits <= ALL_WELL; bits++)
        healthy += status_of(bits) == 200;
    return healthy == ALL_WELL + 1
               ? text_of(TEXT("Consul looks at the status alone: 200 is healthy to it, whatever the body says",
                              "Consul 只看状态码：200 就是健康，不管响应体写了什么"))
               : text_of(TEXT("One that fails is enough: 200 is only for all three at once",
                              "一项失败就够了：三项全部正常才是 200"));
}

static void any_failure_is_503(void)
{
    for (int bits = ALL_WELL; bits >= 0; bits--) {
        int expected = bits == ALL_WELL ? 200 : 503, status = status_of(bits);
        if (status == expected)
            continue;
        fail(TEXT("health_status(pg_ok=%d, redis_ok=%d, disk_ok=%d): expected %d, got %d%s%s",
                  "health_status(pg_ok=%d, redis_ok=%d, disk_ok=%d)：应为 %d，实际 %d%s%s"),
             bits >> 2 & 1, bits >> 1 & 1, bits & 1, expected, status, status == 200 ? text_of(TEXT(". ", "。")) : "",
             status == 200 ? suspicion() : "");
    }
}

static const struct check checks[] = {
    {.title = {"PostgreSQL stopped, hung and well: check_postgres() tells", "PostgreSQL 停止、卡住、正常：check_postgres() 都能分辨"},
     .function = "check_postgres",
     .run = asks_postgres},
    {.title = {"Redis stopped, hung and well: check_redis() tells", "Redis 停止、卡住、正常：check_redis() 都能分辨"},
     .function = "check_redis",
     .run = asks_redis},
    {.title = {"less than 5 % of the disk free: check_disk() tells", "磁盘剩余不足 5%：check_disk() 能发现"},
     .function = "check_disk",
     .run = watches_the_disk},
    {.title = {"/health is 503 when any of the three fails", "三项中任何一项失败，/health 都返回 503"},
     .function = "health_status",
     .run = any_failure_is_503},
    {.title = {"for real: PostgreSQL and Redis stopped and hung, the disk gone: /health of your user-service tells, in time",
               "真实运行：PostgreSQL 和 Redis 分别停止、又同时卡住，磁盘读不到：你的 user-service 的 /health 都及时反映"},
     .function = "health_status",
     .run = real_dependencies,
     .real = true,
     .limit_s = CHECK_REAL_LIMIT_S},
    {.title = {"for real: two instances, one loses its Redis: Consul takes it out, calls go to the other, it comes back",
               "真实运行：两个实例，其中一个的 Redis 停了：Consul 把它过滤掉，请求都去另一个，恢复后它又回来"},
     .function = "health_status",
     .run = real_instances,
     .real = true,
     .limit_s = CHECK_REAL_LIMIT_S},
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
