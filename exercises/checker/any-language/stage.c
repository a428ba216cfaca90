#include "stage.h"

#include <signal.h>

#include "base/clock.h"
#include "checker/check.h"

enum { CALLED_LIMIT_MS = 30000 };

struct stage stage;

static void require_ok(int status, const struct err *err)
{
    if (status != 0)
        fail_here("%s", err->text);
}

static struct callee *add(int weight)
{
    static const char *const ids[STAGE_MAX] = {"A", "B", "C", "D"};
    struct callee *callee = &stage.callees[stage.count];
    callee_start(callee, ids[stage.count++], weight, &stage.folder);
    return callee;
}

void stage_open_consul(void)
{
    struct err err = ERR_INIT;
    require_ok(folder_take(&stage.folder, &err), &err);
    require_ok(server_init(&stage.consul, SERVER_CONSUL, &stage.folder, &err), &err);
    require_ok(server_start(&stage.consul, &err), &err);
}

struct callee *stage_add(int weight)
{
    struct callee *callee = add(weight);
    consul_register(&stage.consul, callee);
    return callee;
}

void stage_open_faulty(int count)
{
    struct err err = ERR_INIT;
    require_ok(folder_take(&stage.folder, &err), &err);
    while (stage.count < count)
        add(1);
    registry_start(&stage.registry, stage.callees, stage.count, &stage.folder);
}

void stage_close(void)
{
    client_end();
    for (int i = 0; i < stage.count; i++)
        callee_kill(&stage.callees[i]);
    proc_stop(&stage.registry.proc, SIGKILL, 0);
    server_close(&stage.consul);
    folder_remove(&stage.folder);
}

bool stage_all_are_called(int64_t limit_ms)
{
    int64_t deadline = deadline_in(limit_ms);
    int calls[STAGE_MAX] = {0}, called = 0;
    for (int i = 0; i < stage.count; i++)
        callee_take(&stage.callees[i]);
    while (called < stage.count && deadline_left(deadline) > 0) {
        struct client_calls ignored;
        client_calls_for(200, &ignored);
        called = 0;
        for (int i = 0; i < stage.count; i++)
            called += (calls[i] += callee_take(&stage.callees[i])) > 0;
    }
    return called == stage.count;
}

void stage_expect_all_called(void)
{
    if (!stage_all_are_called(CALLED_LIMIT_MS))
        fail(TEXT("%s: within %d s not all %d instances got a call", "%s：%d 秒内，%d 个实例没有全部收到调用"),
             current_context(), CALLED_LIMIT_MS / 1000, stage.count);
}
