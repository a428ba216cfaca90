/* nacos_requests: what an operator asks of a real Nacos, of either version, as its console does. */
#ifndef ORDER_SERVICE_TESTS_NACOS_REQUESTS_H
#define ORDER_SERVICE_TESTS_NACOS_REQUESTS_H

#include "harness/http_probe.h"
#include "scene_services.h"

static struct server nacos;
static const char *nacos_group = "DEFAULT_GROUP"; /* of this test */

static inline bool is_nacos_3(void)
{
    return nacos.kind == SERVER_NACOS;
}

/* A request of the server's own identity needs no login. query: the parameters. The status; 0: no reply. */
static inline int nacos_send(const struct server *server, const char *method, const char *path, const char *query,
                             struct probe_reply *reply)
{
    static const char *const headers[] = {"serverIdentity: security", NULL}; /* as in consul-dev/run-nacos */
    char url[600];
    struct probe_reply own = {0};
    struct err ignored = ERR_INIT;
    snprintf(url, sizeof url, "%s/nacos%s?%s", server->url, path, query);
    const struct probe_request request = {.method = method, .url = url, .headers = headers, .timeout_ms = 60000,
                                          .body = strcmp(method, "GET") == 0 ? NULL : ""};
    int status = probe_send(NULL, &request, reply ? reply : &own, &ignored) == 0 ? (reply ? reply : &own)->status : 0;
    probe_reply_close(&own);
    return status;
}

static inline void expect_sent(const char *method, const char *path, const char *query)
{
    struct probe_reply reply = {0};
    cr_expect_eq(nacos_send(&nacos, method, path, query, &reply), 200, "%s %s: %s", path, query,
                 buf_text(&reply.body));
    probe_reply_close(&reply);
}

/* As the console does. change: the parameters that change. */
static inline void operate(int i, const char *change)
{
    char query[300];
    snprintf(query, sizeof query, "serviceName=user-service&groupName=%s&ip=127.0.0.1&port=%d&%s", nacos_group,
             user_ports[i].number, change);
    expect_sent("PUT", is_nacos_3() ? "/v3/admin/ns/instance" : "/v1/ns/instance", query);
}

#endif
