#include "lookup.h"

#include <stdio.h>
#include <string.h>

#include "checker/check.h"

struct entry entry;
struct list got;
struct err why;
int64_t ttl_ms = TTL_MS;

int call(void)
{
    memset(&got, 0, sizeof got);
    got.n = -1;
    why = (struct err){""};
    int status = get_instances(&entry, consul.now_ms, ttl_ms, &got, &why);
    if (status != 0 && status != -1)
        fail(TEXT("get_instances() returned %d: 0 means a list, -1 an error; no other value is allowed",
                  "get_instances() 返回了 %d：0 表示有列表，-1 表示出错，不允许其他值"),
             status);
    return status;
}

bool is_whole(const struct list *list, int expected)
{
    if (list->n != expected)
        return false;
    for (int i = 0; i < list->n; i++) {
        char id[64];
        snprintf(id, sizeof id, "user-service-%d", i + 1);
        if (list->at[i].port != 8001 || strcmp(list->at[i].id, id) != 0)
            return false;
    }
    return true;
}

bool got_whole_list(int expected)
{
    return is_whole(&got, expected);
}

static void require_list(int instances)
{
    if (got.n != instances)
        fail(TEXT("the first call, Consul lists %d instances: *out has %d. Is it filled in?",
                  "第一次调用，Consul 给出 %d 个实例：*out 里却是 %d 个。填好了吗？"),
             instances, got.n);
    if (!got_whole_list(instances))
        fail(TEXT("the first call, Consul lists %d instances: out->n is right, but the instances are not in *out. Copy the "
                  "whole list: *out = fresh;",
                  "第一次调用，Consul 给出 %d 个实例：*out 里个数正确，内容却不对。请整体复制：*out = fresh;"),
             instances);
}

void start_with(int instances)
{
    /* The time is not 0 and does not fit in an int, as in a real service. */
    consul = (struct consul){.instances = instances, .now_ms = 7000000000};
    entry = (struct entry){.filled = false};
    if (call() != 0)
        fail(TEXT("the first call, Consul lists %d instances: expected them, got -1 (%s)",
                  "第一次调用，Consul 给出 %d 个实例：应返回它们，实际返回 -1（%s）"),
             instances, why.text);
    require_list(instances);
}
