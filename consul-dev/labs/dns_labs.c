/* Part IV.1 of the lesson opens Consul's port 8600: what its DNS answers, and what it leaves out. */
#include <stdio.h>

#include "harness/dns.h"
#include "labs.h"

struct wanted_answer {
    int dns_port, count;
};

static bool answers(void *arg)
{
    const struct wanted_answer *wanted = arg;
    struct dns_answer answer;
    return dns_srv(wanted->dns_port, "callee.service.consul", false, &answer) == 0 && answer.count == wanted->count;
}

static int64_t time_to_answer(const struct server *consul, int count)
{
    return time_until(answers, &(struct wanted_answer){consul->dns.number, count}, LIMIT_MS);
}

/* The callee answers the checks of both. Two instances with one address and port would be one record. Status: passing
 * until the first check, so that a failed check changes something. */
static bool register_at(const struct stage *stage, const char *id, int port, int status)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"ID\":\"%s\",\"Name\":\"callee\",\"Address\":\"127.0.0.1\",\"Port\":%d,"
             "\"Check\":{\"HTTP\":\"http://127.0.0.1:%d/status/%d\",\"Interval\":\"1s\",\"Status\":\"passing\"}}",
             id, port, stage->callee_port, status);
    return consul_put(&stage->world.consul, "/v1/agent/service/register", body) == 200;
}

static bool over_dns(struct stage *stage)
{
    struct server *consul = &stage->world.consul;
    struct dns_answer answer = {0};
    if (!stage_open_callee(stage) || !register_at(stage, "good", 9001, 200) || !register_at(stage, "bad", 9002, 200))
        return false;
    SEEN(time_to_answer(consul, 2) >= 0, "callee.service.consul SRV: two records, one for each passing instance",
         "callee.service.consul SRV：两条记录，每个 passing 的实例一条");
    dns_srv(consul->dns.number, "callee.service.consul", true, &answer);
    SEEN(dns_has(&answer, 9001) && dns_has(&answer, 9002), "over TCP too; the records have the ports, %d and %d",
         "走 TCP 也一样；记录中有端口：%d 和 %d", answer.at[0].port, answer.at[1].port);
    register_at(stage, "bad", 9002, 500);
    int64_t took = time_to_answer(consul, 1);
    SEEN(took >= 0, "the check of one fails: %s later it has no record", "其中一个检查失败：%s 后没有它的记录",
         duration(took));
    consul_put(consul, "/v1/agent/service/maintenance/good?enable=true", "");
    took = time_to_answer(consul, 0);
    SEEN(took >= 0, "the other one is set to maintenance: %s later the name is unknown (NXDOMAIN)",
         "另一个设为维护状态：%s 后名字不存在（NXDOMAIN）", duration(took));
    int count = consul_count(consul, "callee", false);
    SEEN(count == 2, "the HTTP API still lists %d instances, with the reason for each", "HTTP API 仍列出 %d 个实例，并说明原因",
         count);
    return true;
}

const struct lab dns_labs[] = {
    {{"IV.1", "四、1"},
     {"Consul's DNS lists the instances that may be called", "Consul 的 DNS 列出可以调用的实例"},
     {"“docker run … -p 8600:8600/udp”", "“docker run … -p 8600:8600/udp”"},
     HOLDS,
     {"SRV records have the address and the port of each instance, so a program that knows only DNS can discover. By "
      "hand, after make up: dig @127.0.0.1 -p 8600 user-service.service.consul SRV",
      "SRV 记录带有每个实例的地址和端口，只懂 DNS 的程序也能做服务发现。make up 之后手工查询：dig @127.0.0.1 -p 8600 "
      "user-service.service.consul SRV"},
     over_dns},
    {.run = NULL},
};
