/* consul_case: helpers for tests that wait until a real Consul lists an instance as expected. */
#ifndef SERVICE_TESTS_CONSUL_CASE_H
#define SERVICE_TESTS_CONSUL_CASE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/http_probe.h"
#include "harness/world.h"

/* The JSON of a GET from Consul, without white space, because its amount differs
 * between versions. The caller frees. */
static inline char *get_from_consul(const struct server *consul, const char *path)
{
    char url[512];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s%s", consul->url, path);
    probe_get(NULL, url, &reply);
    char *text = strdup(buf_text(&reply.body)), *end = text;
    for (const char *p = text; *p; p++)
        if (*p != ' ' && *p != '\n')
            *end++ = *p;
    *end = '\0';
    probe_reply_close(&reply);
    return text;
}

struct awaited_consul {
    const struct server *consul;
    const char *path, *part; /* part NULL: an empty list */
};

static inline bool consul_replies(void *arg)
{
    const struct awaited_consul *awaited = arg;
    char *text = get_from_consul(awaited->consul, awaited->path);
    bool says = awaited->part ? strstr(text, awaited->part) != NULL : strcmp(text, "[]") == 0;
    free(text);
    return says;
}

static inline bool await_consul(const struct server *consul, const char *path, const char *part)
{
    struct awaited_consul awaited = {consul, path, part};
    return wait_until(consul_replies, &awaited, 60000);
}

#define PASSING "/v1/health/service/user-service?passing=true"
#define LISTED "/v1/health/service/user-service"
#define CRITICAL "/v1/health/state/critical"

#endif
