/* client_calls: what a test asks of the client of client_fixture.h: calls, and what it shows of itself. */
#ifndef CLIENT_TESTS_CLIENT_CALLS_H
#define CLIENT_TESTS_CLIENT_CALLS_H

#include "client/tests/client_fixture.h"

/* Makes one call. Its reply can be read until the next one. */
static struct service_reply reply;

static inline enum service_outcome get(const char *key)
{
    const struct service_call call = {.service = "user-service", .path = "/users/7", .key = key,
                                      .trace = &trace, .deadline = DEADLINE_NONE, .body_cap = 65536};
    service_reply_close(&reply);
    reply = (struct service_reply)SERVICE_REPLY_INIT;
    service_client_get(client, &call, &reply);
    if (reply.outcome == SERVICE_OK)
        cr_expect_eq(reply.err.code, ERR_NONE);
    else
        cr_expect_neq(reply.err.code, ERR_NONE);
    enum service_outcome outcome = reply.outcome;
    service_reply_close(&reply);
    return outcome;
}

/* A fiber: one call that must succeed. Several may run at the same time. */
static inline void call_once(void *arg)
{
    (void)arg;
    const struct service_call call = {.service = "user-service", .path = "/", .key = "", .trace = &trace,
                                      .deadline = DEADLINE_NONE, .body_cap = 100};
    struct service_reply own = SERVICE_REPLY_INIT;
    service_client_get(client, &call, &own);
    cr_expect_eq(own.outcome, SERVICE_OK);
    service_reply_close(&own);
}

static inline json_t *parse_new(struct buf *text)
{
    struct err err = ERR_INIT;
    json_t *tree = json_parse_new(buf_text(text), text->len, &err);
    cr_expect(tree, "%s: %s", err.text, buf_text(text));
    buf_close(text);
    return tree;
}

static inline json_t *view_new(void)
{
    struct buf text = BUF_INIT(8 * 1024 * 1024);
    cr_expect_eq(service_client_view(client, &text), 0);
    return parse_new(&text);
}

static inline json_t *explain_new(const char *key)
{
    struct err err = ERR_INIT;
    struct buf text = BUF_INIT(8 * 1024 * 1024);
    cr_expect_eq(service_client_explain(client, "user-service", key, &text, &err), 0);
    return parse_new(&text);
}

static inline void all_are(enum fake_behaviour behaviour)
{
    for (char letter = 'a'; letter <= 'z'; letter++)
        upstreams[(int)letter].behaviour = behaviour;
}

#endif
