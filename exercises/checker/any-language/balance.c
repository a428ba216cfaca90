/* Exercise 2 for a caller in any language: who gets which call is counted at the instances. */
#include <string.h>

#include "base/clock.h"
#include "checks.h"
#include "stage.h"

enum {
    FIRST_TRIES = 3,
    FIRST_CALLS = 5,
    SHARED_CALLS = 60,
    SHARE_MIN = 6,
    ROUNDS = 50,
    STALL_MS = 1000, /* calls that take longer show a machine that stalls */
    STALLS_MAX = 3,
};

static _Noreturn void fail_call(void)
{
    fail(TEXT("%s: a call failed (%s). Consul is at CONSUL_HTTP_ADDR=%s",
              "%s：有一次调用失败（%s）。Consul 的地址是 CONSUL_HTTP_ADDR=%s"),
         current_context(), client_error(), stage.consul.url);
}

/* Fails the check if the call fails. */
static void call(void)
{
    if (!client_call())
        fail_call();
}

/* Starts the client, and makes calls until one succeeds: on a busy machine, a program that has just started may be
 * slower than its own timeout. These calls are not counted. */
static void start_client(void)
{
    client_start(&stage.folder, stage.consul.url);
    for (int failed = 0; !client_call();)
        if (++failed == FIRST_TRIES)
            fail_call();
    for (int i = 0; i < stage.count; i++)
        callee_take(&stage.callees[i]);
}

void finds_user_service(void)
{
    stage_open_consul();
    struct callee *callee = stage_add(1);
    set_context(TEXT("one instance runs and is registered", "有一个实例在运行，并已注册"));
    start_client();
    for (int i = 0; i < FIRST_CALLS; i++)
        call();
    int calls = callee_take(callee);
    if (calls < FIRST_CALLS)
        fail(
            TEXT("the client answered %d ids, but the instance got %d calls: find it through CONSUL_HTTP_ADDR, and GET "
                 "/users/{id} for each id",
                 "客户端回答了 %d 个 id，实例却只收到 %d 次调用：请通过 CONSUL_HTTP_ADDR 找到它，"
                 "每个 id 都调用 GET /users/{id}"),
            FIRST_CALLS, calls);
    stage_close();
}

/* A random choice is enough here: that it gives an instance less than SHARE_MIN calls is one in 100,000. */
static void each_gets_its_share(void)
{
    stage_open_consul();
    for (int i = 0; i < 3; i++)
        stage_add(1);
    set_context(TEXT("three instances of equal weight", "三个权重相同的实例"));
    start_client();
    for (int i = 0; i < SHARED_CALLS; i++)
        call();
    int calls[3];
    for (int i = 0; i < 3; i++)
        calls[i] = callee_take(&stage.callees[i]);
    if (calls[0] < SHARE_MIN || calls[1] < SHARE_MIN || calls[2] < SHARE_MIN)
        fail(TEXT("three instances, %d calls: expected about %d each, got A=%d B=%d C=%d. See part V",
                  "三个实例，%d 次调用：期望每个约 %d 次，实际 A=%d B=%d C=%d。见第五部分"),
             SHARED_CALLS, SHARED_CALLS / 3, calls[0], calls[1], calls[2]);
    stage_close();
}

/* If the machine stalls, a client may take an instance for hung, call the other one, and avoid this one for a while.
 * The rounds then begin again. */
static void weights_3_and_1(void)
{
    int stalls = 0;
    stage_open_consul();
    stage_add(3);
    stage_add(1);
    set_context(TEXT("weights 3 and 1", "权重 3 和 1"));
    start_client();
    for (int round = 0; round < ROUNDS; round++) {
        int64_t begin = clock_ms();
        for (int i = 0; i < 4; i++)
            call();
        bool stalled = clock_ms() - begin > STALL_MS;
        int a = callee_take(&stage.callees[0]), b = callee_take(&stage.callees[1]);
        bool shared = a == 3 && b == 1;
        if (!shared && stalled && stalls++ < STALLS_MAX) {
            stage_expect_all_called();
            round = -1;
        } else if (!shared) {
            fail(TEXT("weights 3 and 1, calls %d to %d: expected A=3 B=1, got A=%d B=%d. Consul lists the weight as "
                      "Service.Weights.Passing. See exercise 2",
                      "权重 3 和 1，第 %d 到 %d 次调用：期望 A=3 B=1，实际 A=%d B=%d。权重在 Consul 列表的 "
                      "Service.Weights.Passing 里。"
                      "见练习 2"),
                 round * 4 + 1, round * 4 + 4, a, b);
        }
    }
    stage_close();
}

const struct check balance_checks[] = {
    PROGRAM_CHECK(each_gets_its_share, "three instances: each gets its share of the calls",
                  "三个实例：每个都收到应有的调用"),
    PROGRAM_CHECK(weights_3_and_1, "weights 3 and 1: of every 4 calls A gets 3, B gets 1",
                  "权重 3 和 1：每 4 次调用，A 收到 3 次，B 收到 1 次"),
    {.run = NULL},
};
