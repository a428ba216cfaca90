#include "group.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "harness/http_probe.h"

/* "ETCD_ENDPOINTS=http://127.0.0.1:1,http://127.0.0.1:2" */
static int start_proxies(struct group *group, struct err *err)
{
    int len = snprintf(group->setting, SETTING_SIZE, "%s=", group->kind->setting);
    for (int i = 0; i < group->members.entry_count; i++) {
        const struct entry *entry = &group->members.entries[i];
        char text[64];
        group->proxies[i] = proxy_start(entry->address, entry->server->port.number, err);
        if (!group->proxies[i])
            return -1;
        snprintf(text, sizeof text, group->kind->format, proxy_port(group->proxies[i]));
        len += snprintf(group->setting + len, (size_t)(SETTING_SIZE - len), "%s%s", i ? "," : "", text);
    }
    return 0;
}

int group_start(struct group *group, enum kind kind, const struct folder *folder, struct err *err)
{
    *group = (struct group){.kind = &compared[kind]};
    if (group->kind->start(&group->members, group->kind->servers, folder, err) == 0 && start_proxies(group, err) == 0)
        return 0;
    group_close(group);
    return -1;
}

void group_close(struct group *group)
{
    for (int i = 0; i < MEMBERS_MAX; i++) {
        proxy_stop(group->proxies[i]);
        group->proxies[i] = NULL;
    }
    members_close(&group->members);
}

void group_lose(struct group *group)
{
    members_kill(&group->members, group->kind->lost);
}

struct traffic group_traffic(const struct group *group)
{
    struct traffic sum = {0};
    for (int i = 0; i < group->members.entry_count; i++) {
        struct traffic one = proxy_traffic(group->proxies[i]);
        sum.requests += one.requests;
        sum.bytes += one.bytes;
    }
    return sum;
}

struct answer group_ask(const struct group *group, enum direct_request request)
{
    const struct direct *direct = &group->kind->direct[request];
    const struct entry *last = &group->members.entries[group->members.entry_count - 1];
    struct probe_reply reply = {0};
    struct err ignored = ERR_INIT;
    char url[256];
    snprintf(url, sizeof url, "http://%s:%d%s", last->address, last->server->port.number, direct->path);
    const struct probe_request sent = {direct->method, url, direct->headers, direct->body, ANSWER_LIMIT_MS};
    int64_t begin = clock_ms();
    int status = probe_send(NULL, &sent, &reply, &ignored) == 0 ? reply.status : 0;
    probe_reply_close(&reply);
    return (struct answer){status, clock_ms() - begin};
}
