/* scene_requests: what a client of the services sees: the reply to one request, and requests at an even rate while the
 * test causes faults. */
#ifndef ORDER_SERVICE_TESTS_SCENE_REQUESTS_H
#define ORDER_SERVICE_TESTS_SCENE_REQUESTS_H

#include "harness/http_probe.h"
#include "harness/load.h"
#include "scene_conditions.h"

/* --- One request ------------------------------------------------------------------------- */

/* The status of a GET; 0: no reply within 15 s. took_ms may be NULL. */
static inline int get_status(const struct service *service, const char *path, int64_t *took_ms)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    int status = probe_get(NULL, service_url(service, path, url), &reply);
    if (took_ms)
        *took_ms = reply.took_us / 1000;
    probe_reply_close(&reply);
    return status;
}

/* True if a GET has this status, and `text` in its headers or body. */
static inline bool replies(const struct service *service, const char *path, int status, const char *text)
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    bool so = probe_get(NULL, service_url(service, path, url), &reply) == status &&
              (strstr(buf_text(&reply.body), text) || strstr(buf_text(&reply.headers), text));
    probe_reply_close(&reply);
    return so;
}

struct expected_reply {
    const struct service *service;
    const char *path;
    int status;
    const char *text;
};

static inline bool is_replied(void *arg)
{
    const struct expected_reply *want = arg;
    return replies(want->service, want->path, want->status, want->text);
}

static inline int64_t await_reply(const struct service *service, const char *path, int status, const char *text)
{
    struct expected_reply want = {service, path, status, text};
    char what[128];
    snprintf(what, sizeof what, "%s: %d with %s", path, status, text);
    return await(is_replied, &want, PATIENCE_MS, what);
}

/* --- Steady requests --------------------------------------------------------------------- */

static inline struct load *load_orders(int threads, int per_second)
{
    char url[SERVICE_URL_MAX];
    struct load *load = load_start(service_url(&orders, "/users/", url), threads, per_second);
    cr_assert(load);
    return load;
}

static inline void expect_no_failure(const struct load_count *count, const char *when)
{
    cr_expect_gt(count->ok, 0, "%s", when);
    cr_expect_eq(count->failed, 0, "%s: %llu failed, first %s", when, (unsigned long long)count->failed,
                 count->first_failure);
    REPORT("%s: %llu requests, %llu failed, the slowest took %lld ms", when, (unsigned long long)count->ok,
           (unsigned long long)count->failed, (long long)count->slowest_ms);
}

static inline void stop_load(struct load *load, const char *when)
{
    struct load_count count;
    load_stop(load, &count);
    expect_no_failure(&count, when);
}

#endif
