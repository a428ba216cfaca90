/* http_case: one row of the documented HTTP interface as a test: a request and the
 * expected reply. */
#ifndef SERVICE_TESTS_HTTP_CASE_H
#define SERVICE_TESTS_HTTP_CASE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "harness/http_probe.h"
#include "harness/world.h"

/* A row sets only the fields that it checks. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

struct http_case {
    const char *path;
    int status;
    const char *method;  /* NULL: GET, or POST where there is a body */
    const char *body;    /* of the request; NULL: none */
    const char *headers[3]; /* of the request */
    const char *header;  /* "Name: value" that the reply has; NULL: not checked */
    const char *reply;   /* the whole body of the reply; NULL: not checked */
    const char *part;    /* a part of that body; NULL: not checked */
};

/* Errors are problem+json with exactly the documented members. */
static inline void expect_problem(const struct probe_reply *reply, const char *what)
{
    char type[64], members[64];
    cr_expect_str_eq(probe_header(reply, "Content-Type", type, sizeof type), "application/problem+json", "%s", what);
    const char *body = buf_text(&reply->body);
    snprintf(members, sizeof members, "\"status\":%d,\"detail\":\"", reply->status);
    cr_expect(strncmp(body, "{\"type\":\"", 9) == 0 && strstr(body, "\",\"title\":\"") && strstr(body, members) &&
                  strstr(body, "\",\"instance\":\"/"),
              "%s: %s", what, body);
    if (reply->status == 503)
        cr_expect_str_neq(probe_header(reply, "Retry-After", type, sizeof type), "", "%s", what);
}

static inline void expect_header(const struct probe_reply *reply, const char *header, const char *what)
{
    char name[64], value[256];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(header, ":"), header);
    cr_expect_str_eq(probe_header(reply, name, value, sizeof value), header + strlen(name) + 2, "%s: %s", what, name);
}

static inline int send_case(struct probe *probe, const struct service *service, const struct http_case *c,
                           struct probe_reply *reply, struct err *err)
{
    char url[SERVICE_URL_MAX];
    const struct probe_request request = {
        .method = c->method, .url = service_url(service, c->path, url), .headers = c->headers, .body = c->body};
    return probe_send(probe, &request, reply, err);
}

static inline void expect_case(struct probe *probe, const struct service *service, const struct http_case *c)
{
    char what[300];
    struct probe_reply reply = {0};
    struct err err = ERR_INIT;
    snprintf(what, sizeof what, "%s %.80s %.160s", c->method ? c->method : "", c->path, c->body ? c->body : "");
    cr_expect_eq(send_case(probe, service, c, &reply, &err), 0, "%s: %s", what, err.text);
    cr_expect_eq(reply.status, c->status, "%s: %d %s", what, reply.status, buf_text(&reply.body));
    if (c->header)
        expect_header(&reply, c->header, what);
    if (c->reply)
        cr_expect_str_eq(buf_text(&reply.body), c->reply, "%s", what);
    if (c->part)
        cr_expect(strstr(buf_text(&reply.body), c->part), "%s: %s", what, buf_text(&reply.body));
    if (reply.status >= 400 && reply.body.len > 0 && strncmp(c->path, "/health", 7) != 0)
        expect_problem(&reply, what);
    probe_reply_close(&reply);
}

static inline void expect_cases(const struct service *service, const struct http_case *cases, size_t count)
{
    struct probe *probe = probe_new();
    for (size_t i = 0; i < count; i++)
        expect_case(probe, service, &cases[i]);
    probe_free(probe);
}

#define EXPECT_CASES(service, ...)                                                                                    \
    do {                                                                                                               \
        const struct http_case cases[] = {__VA_ARGS__};                                                                \
        expect_cases(service, cases, sizeof cases / sizeof *cases);                                                    \
    } while (0)

/* --- Waiting for a reply ---------------------------------------------------------- */

struct awaited_case {
    const struct service *service;
    const struct http_case *row;
};

/* Compares status, header and part; expect_case compares the rest. */
static inline bool case_holds(void *arg)
{
    const struct awaited_case *awaited = arg;
    const struct http_case *c = awaited->row;
    struct probe_reply reply = {0};
    struct err ignored = ERR_INIT;
    bool holds = send_case(NULL, awaited->service, c, &reply, &ignored) == 0 && reply.status == c->status &&
                 (!c->header || strstr(buf_text(&reply.headers), c->header)) &&
                 (!c->part || strstr(buf_text(&reply.body), c->part));
    probe_reply_close(&reply);
    return holds;
}

static inline void await_case(const struct service *service, const struct http_case *c)
{
    struct awaited_case awaited = {service, c};
    if (!wait_until(case_holds, &awaited, 60000))
        expect_case(NULL, service, c);
}

#define AWAIT_CASE(service, ...) await_case(service, &(const struct http_case){__VA_ARGS__})

#endif
