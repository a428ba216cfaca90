/* The lesson's claims (parts II and VIII.2), each beside what was seen. */
#include <stdio.h>

#include "../pitfalls/report.h"
#include "table.h"

/* --- What was seen ------------------------------------------------------------------------------ */

static bool is_consistent(const struct result *r)
{
    return r->answers[READ_LIST].status != 200 && r->outage_known_ms < 0;
}

static bool is_available(const struct result *r)
{
    return r->answers[READ_LIST].status == 200 && r->outage_known_ms >= 0;
}

static bool checks_itself(const struct result *r)
{
    return r->idle_checks > 0;
}

static bool only_counts_heartbeats(const struct result *r)
{
    return r->idle_checks == 0;
}

static bool is_released(const struct result *r)
{
    return !r->measured;
}

static const struct claim {
    enum kind kind;
    struct text lesson; /* its words; the English ones are a translation */
    bool (*holds)(const struct result *result);
    struct text because; /* of the verdict that is known; another one is marked as unexpected */
    bool expected;
} claims[] = {
    {KIND_CONSUL,
     {"CP (strong consistency, based on Raft)", "CP 架构（强一致性，基于 Raft 协议）"},
     is_consistent,
     {"without a majority it refuses to read, and the agent's new instance reaches no caller",
      "没有多数派时拒绝读取，新实例到不了调用方"},
     true},
    {KIND_CONSUL,
     {"health checks: rich (HTTP/TCP/script/TTL)", "健康检查：丰富（HTTP/TCP/Script/TTL）"},
     checks_itself,
     {"it requests /health of each instance itself", "由它自己请求每个实例的 /health"},
     true},
    {KIND_ETCD,
     {"CP (strong consistency, based on Raft)", "CP 架构（强一致性，基于 Raft 协议）"},
     is_consistent,
     {"without a majority no read and no write succeeds", "没有多数派时读写都不成功"},
     true},
    {KIND_ETCD,
     {"a plain key-value store: you write the discovery yourself", "纯 KV 存储，需自己实现服务发现逻辑"},
     only_counts_heartbeats,
     {"it checks no instance: a lease, a key and a watch (common/registry/etcd/)",
      "它不检查实例，靠租约、键和 watch 实现（common/registry/etcd/）"},
     true},
    {KIND_NACOS,
     {"AP or CP, AP by default", "AP/CP 可切换（默认 AP）"},
     is_available,
     {"with one server left it lists instances and accepts new ones", "只剩一个服务器时仍能查询和注册"},
     true},
    {KIND_EUREKA,
     {"AP (eventual consistency)", "AP 架构（最终一致性）"},
     is_available,
     {"with one peer left it lists instances and accepts new ones", "只剩一个节点时仍能查询和注册"},
     true},
    {KIND_EUREKA,
     {"health checks: simple", "健康检查：简单"},
     only_counts_heartbeats,
     {"it only counts heartbeats", "它只统计心跳"},
     true},
    {KIND_EUREKA,
     {"“no longer maintained”", "“已停止维护（Netflix 已停更）”"},
     is_released,
     {"the server measured here comes with a current release of Spring Cloud (consul-dev/java/eureka/pom.xml)",
      "这里测的服务器来自 Spring Cloud 的当前版本（consul-dev/java/eureka/pom.xml）"},
     false},
};

static void print(const struct claim *claim, const struct result *result)
{
    bool holds = claim->holds(result);
    printf("  %s%s%s\n", result->kind->title, SAY(": ", "："), text_of(claim->lesson));
    if (holds == claim->expected)
        printf("    %s%s%s\n", holds ? SAY("holds", "成立") : SAY("does not hold today", "如今不成立"), SAY(": ", "："),
               text_of(claim->because));
    else
        printf("    %s\n", holds ? SAY("holds here, against what is known", "这次成立，与已知结果不符")
                                 : SAY("does not hold here: see the table", "这次不成立：见上表"));
}

void claims_print(const struct result results[KINDS])
{
    printf("\n%s\n", SAY("The lesson's claims (parts II and VIII.2):", "课程的说法（二、八.2）："));
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        if (results[claims[i].kind].measured)
            print(&claims[i], &results[claims[i].kind]);
}
