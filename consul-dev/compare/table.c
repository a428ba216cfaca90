#include "table.h"

#include <stdio.h>

#include "../pitfalls/report.h"

static const char *duration(int64_t ms)
{
    return ms < 1000 ? cell("%d ms", (int)ms) : cell("%.1f s", (double)ms / 1000);
}

static const char *seconds(int64_t ms, int limit_s)
{
    return ms < 0 ? cell(SAY("not in %d s", "%d 秒内没有"), limit_s) : duration(ms);
}

/* --- The rows: each fills one cell ------------------------------------------------------------ */

static const char *servers(const struct result *r)
{
    return cell("%d", r->kind->servers);
}

static const char *known(const struct result *r)
{
    return seconds(r->known_ms, r->kind->limit_s);
}

static const char *left(const struct result *r)
{
    return seconds(r->left_ms, r->kind->limit_s);
}

static const char *left_failed(const struct result *r)
{
    return cell("%d", (int)r->left_failed);
}

static const char *ejected(const struct result *r)
{
    return seconds(r->ejected_ms, 30);
}

static const char *killed_failed(const struct result *r)
{
    return cell("%d", (int)r->killed_failed);
}

static const char *expired(const struct result *r)
{
    return seconds(r->expired_ms, 150);
}

static const char *requests(const struct result *r)
{
    return cell("%d", (int)r->idle.requests);
}

static const char *bytes(const struct result *r)
{
    return cell("%.1f kB", (double)r->idle.bytes / 1000);
}

static const char *checks(const struct result *r)
{
    return cell("%d", (int)r->idle_checks);
}

static const char *lost(const struct result *r)
{
    return cell(SAY("%d of %d", "%2$d 个中的 %1$d 个"), r->kind->lost, r->kind->servers);
}

static const char *answer(const struct answer *answer)
{
    return answer->status ? cell("%d, %s", answer->status, duration(answer->took_ms))
                          : cell(SAY("none in %d s", "%d 秒内无应答"), ANSWER_LIMIT_MS / 1000);
}

static const char *reading(const struct result *r)
{
    return answer(&r->answers[READ_LIST]);
}

static const char *registering(const struct result *r)
{
    return answer(&r->answers[REGISTER_ONE]);
}

static const char *outage_known(const struct result *r)
{
    return seconds(r->outage_known_ms, r->kind->limit_s);
}

static const char *source(const struct result *r)
{
    return r->outage_source;
}

static const char *outage_calls(const struct result *r)
{
    return cell("%d / %d", (int)r->outage_calls.failed, (int)(r->outage_calls.ok + r->outage_calls.failed));
}

static const struct row {
    struct text name;
    const char *(*cell)(const struct result *result);
} rows[] = {
    {{"servers", "服务器数"}, servers},
    {{"a new instance is known to the caller after", "新实例多久后调用方知道"}, known},
    {{"a deregistered one is not called after", "注销的实例多久后不再被调用"}, left},
    {{"  calls that fail meanwhile", "  其间失败的调用"}, left_failed},
    {{"a killed one is out by our ejection after", "被杀的实例：调用方摘除"}, ejected},
    {{"  calls that fail meanwhile", "  其间失败的调用"}, killed_failed},
    {{"a killed one is out by the registry after", "被杀的实例：注册中心发现"}, expired},
    {{"nothing changes: requests in a minute", "没有变化时每分钟请求数"}, requests},
    {{"  bytes in a minute", "  每分钟字节数"}, bytes},
    {{"  checks by the registry in a minute", "  注册中心每分钟发起的检查"}, checks},
    {{"servers that are killed", "杀掉的服务器"}, lost},
    {{"  reading replies", "  读取的应答"}, reading},
    {{"  registering replies", "  注册的应答"}, registering},
    {{"  a new instance is known after", "  新实例多久后调用方知道"}, outage_known},
    {{"  source of the caller's list", "  调用方列表的来源"}, source},
    {{"  calls that fail, of all", "  失败的调用 / 全部"}, outage_calls},
};

void table_print(const struct result results[KINDS])
{
    for (size_t i = 0; i <= sizeof rows / sizeof *rows; i++) {
        const char *cells[KINDS + 2] = {i ? text_of(rows[i - 1].name) : ""};
        int count = 1;
        for (int kind = 0; kind < KINDS; kind++)
            if (results[kind].measured)
                cells[count++] = i ? rows[i - 1].cell(&results[kind]) : results[kind].kind->title;
        report_cells(cells);
    }
}
