/* Parts I.3, II.1 and III.2 of the lesson: what the registry stores, and how a caller learns of a change. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "labs.h"

/* --- Metadata --------------------------------------------------------------------------------- */

static bool metadata_comes_back(struct stage *stage)
{
    struct server *consul = &stage->world.consul;
    if (!stage_open_world(stage) ||
        !stage_start_user(stage, 0,
                          (const char *const[]){"SERVICE_VERSION=2.1.0", "SERVICE_ZONE=zone-a", "SERVICE_WEIGHT=3",
                                                "SERVICE_TAGS=v2,blue", NULL}))
        return false;
    SEEN(time_to_passing(consul, "user-service", 1) >= 0, "user-service registers with version, zone, weight and tags",
         "user-service 注册时带上版本、可用区、权重和标签");
    json_t *list = consul_get(consul, "/v1/health/service/user-service");
    const char *version = "", *zone = "", *tag = "";
    int weight = 0;
    json_unpack(list, "[{s:{s:{s:s, s:s}, s:{s:i}, s:[s]}}]", "Service", "Meta", "version", &version, "zone", &zone,
                "Weights", "Passing", &weight, "Tags", &tag);
    SEEN(strcmp(version, "2.1.0") == 0 && strcmp(zone, "zone-a") == 0, "a caller reads version %s and zone %s",
         "调用方读到版本 %s、可用区 %s", version, zone);
    SEEN(weight == 3, "a caller reads weight %d", "调用方读到权重 %d", weight);
    SEEN(strcmp(tag, "v2") == 0, "a caller reads the tag %s", "调用方读到标签 %s", tag);
    json_decref(list);
    return true;
}

/* --- A watch ------------------------------------------------------------------------------------ */

/* How long a query waits before something changes, to show that it does. */
enum { QUERIES_MAX = 10, WAITING_MS = 1000 };

/* A thread that sends blocking queries until a reply contains `wanted`. One is enough, unless something else about
 * the watched entry changes, too: Consul then replies as well. */
struct watcher {
    pthread_t thread;
    char url[256];
    const char *wanted;
    unsigned long long index; /* of the last reply */
    int queries;
    bool found;
    int64_t returned; /* on clock_ms() */
};

/* Sends one query, with the wait that is in `wait`. */
static void query(struct watcher *watcher, const char *wait)
{
    char url[320], index[32];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s?index=%llu%s", watcher->url, watcher->index, wait);
    probe_get(NULL, url, &reply);
    watcher->index = strtoull(probe_header(&reply, "X-Consul-Index", index, sizeof index), NULL, 10);
    watcher->found = strstr(buf_text(&reply.body), watcher->wanted) != NULL;
    probe_reply_close(&reply);
}

static void *watch(void *arg)
{
    struct watcher *watcher = arg;
    while (!watcher->found && watcher->queries++ < QUERIES_MAX)
        query(watcher, "&wait=12s");
    watcher->returned = clock_ms();
    return NULL;
}

/* The first query does not wait: its reply has the index from which the next ones wait. */
static bool watch_start(struct watcher *watcher, const struct server *consul, const char *path, const char *wanted)
{
    *watcher = (struct watcher){.wanted = wanted};
    snprintf(watcher->url, sizeof watcher->url, "%s%s", consul->url, path);
    query(watcher, "");
    return pthread_create(&watcher->thread, NULL, watch, watcher) == 0 || report_error("cannot start a thread");
}

static bool kv_watched(struct stage *stage)
{
    struct server *consul = &stage->world.consul;
    struct watcher watcher;
    if (!stage_open_consul(stage, NULL))
        return false;
    SEEN(consul_put(consul, "/v1/kv/lab/level", "info") == 200, "a key is written: lab/level = info",
         "写入一个键：lab/level = info");
    if (!watch_start(&watcher, consul, "/v1/kv/lab/level", "ZGVidWc=" /* "debug" in base64 */))
        return false;
    usleep(WAITING_MS * 1000);
    int64_t written = clock_ms();
    consul_put(consul, "/v1/kv/lab/level", "debug");
    pthread_join(watcher.thread, NULL);
    SEEN(watcher.found, "a blocking query (?index=…) returns %s after the value has changed",
         "阻塞查询（?index=…）在值改变 %s 后返回", duration(watcher.returned - written));
    return true;
}

enum { POLL_MS = 2000 };

static bool notified_of_changes(struct stage *stage)
{
    struct server *consul = &stage->world.consul;
    struct watcher watcher;
    if (!stage_open_callee(stage) || !register_callee(stage, "callee", "callee-1", "") ||
        !watch_start(&watcher, consul, "/v1/health/service/callee", "callee-2"))
        return false;
    usleep(WAITING_MS * 1000);
    int64_t registered = clock_ms();
    register_callee(stage, "callee", "callee-2", "");
    pthread_join(watcher.thread, NULL);
    SEEN(watcher.found, "watch: answered %s after an instance registers (blocking queries: %d)",
         "watch：实例注册 %s 后收到应答（阻塞查询 %d 次）", duration(watcher.returned - registered), watcher.queries);

    int queries = 0;
    registered = clock_ms();
    register_callee(stage, "callee", "callee-3", "");
    do {
        usleep(POLL_MS * 1000);
        queries++;
    } while (consul_count(consul, "callee", false) < 3 && queries < 10);
    SEEN(queries < 10, "poll every %d s: found after %s, and a query every %d s even if nothing changes",
         "每 %d s 轮询：%s 后发现，没有变化时也要每 %d s 查询一次", POLL_MS / 1000, duration(clock_ms() - registered),
         POLL_MS / 1000);
    return true;
}

const struct lab watch_labs[] = {
    {{"I.3, III.2", "一、3；三、2"},
     {"Metadata: version, zone, weight, tags", "元数据：版本、可用区、权重、标签"},
     {"“store a service's version, zone, weight and the like”, “\"Tags\": [\"v1\", \"zone-a\"]”",
      "“存储服务的版本、区域、权重等信息”，“\"Tags\": [\"v1\", \"zone-a\"]”"},
     HOLDS,
     {"a caller gets them with the list", "调用方查询列表时一并得到"},
     metadata_comes_back},
    {{"I.3", "一、3"},
     {"Notification of changes: watch and poll", "变更通知：watch 与轮询"},
     {"“notify the callers when the list of services changes (or the callers poll)”",
      "“服务列表变化时通知调用方（或调用方轮询）”"},
     HOLDS_IF,
     {"the caller sends a blocking query: Consul never calls a caller by itself",
      "调用方使用阻塞查询：Consul 不会主动联系调用方"},
     notified_of_changes},
    {{"II.1", "二、1"},
     {"The KV store, watched", "KV 存储与监听"},
     {"Consul: “supports a KV store (can hold configuration)”", "Consul：“支持 KV 存储（可做配置中心）”"},
     HOLDS,
     {"a program that watches a key gets its new value at once, without a restart",
      "监听某个键的程序立刻得到新值，不需要重启"},
     kv_watched},
    {.run = NULL},
};
