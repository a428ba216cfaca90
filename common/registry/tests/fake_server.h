/* fake_server: a registry's server whose replies the test writes. It replies by rules, each for one method and path,
 * and keeps what it was sent. A rule may be changed at any time. Requests without a rule get 404, or 405.
 */
#ifndef REGISTRY_TESTS_FAKE_SERVER_H
#define REGISTRY_TESTS_FAKE_SERVER_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/http_server.h"

struct fake_rule {
    const char *method, *pattern; /* as in struct http_route */
    int status;
    const char *body;
    const char *wants; /* the Authorization that it wants, otherwise it replies 403 with `denial`; NULL: none */
    const char *denial;
    /* set by the server */
    int requests;
    char authorization[300], form[4096]; /* of the last request */
};

enum { FAKE_RULES_MAX = 10 };

struct fake_server {
    const char *ip; /* NULL: 127.0.0.1 */
    struct fake_rule rules[FAKE_RULES_MAX]; /* ends with the first without a method */
    struct http_route routes[FAKE_RULES_MAX];
    struct http_server *server;
    char address[64]; /* host:port */
};

static inline void fake_reply(struct http_request *req, struct fake_rule *rule)
{
    const char *authorization = http_header(req, "Authorization");
    struct http_text form = http_body(req);
    rule->requests++;
    snprintf(rule->authorization, sizeof rule->authorization, "%s", authorization ? authorization : "");
    snprintf(rule->form, sizeof rule->form, "%s", form.text ? form.text : "");
    bool allowed = !rule->wants || strcmp(rule->authorization, rule->wants) == 0;
    const char *body = allowed ? rule->body : rule->denial;
    http_reply(req, allowed ? rule->status : 403, "application/json", body ? body : "", strlen(body ? body : ""));
}

/* A handler does not know the path of its request, so each rule has a handler of its own. */
#define FAKE_HANDLER(n)                                                                                                \
    static void fake_handle_##n(struct http_request *req, void *arg)                                                   \
    {                                                                                                                  \
        fake_reply(req, &((struct fake_server *)arg)->rules[n]);                                                       \
    }
FAKE_HANDLER(0)
FAKE_HANDLER(1)
FAKE_HANDLER(2)
FAKE_HANDLER(3)
FAKE_HANDLER(4)
FAKE_HANDLER(5)
FAKE_HANDLER(6)
FAKE_HANDLER(7)
FAKE_HANDLER(8)
FAKE_HANDLER(9)

/* In a fiber. Fill in the rules first. */
static inline void fake_open(struct fake_server *fake)
{
    static void (*const handlers[FAKE_RULES_MAX])(struct http_request *, void *) = {
        fake_handle_0, fake_handle_1, fake_handle_2, fake_handle_3, fake_handle_4,
        fake_handle_5, fake_handle_6, fake_handle_7, fake_handle_8, fake_handle_9};
    struct err err = ERR_INIT;
    size_t count = 0;
    for (; count < FAKE_RULES_MAX && fake->rules[count].method; count++)
        fake->routes[count] =
            (struct http_route){fake->rules[count].method, fake->rules[count].pattern, handlers[count], 0};
    struct http_server_config config = {.address = fake->ip ? fake->ip : "127.0.0.1",
                                        .port = 0,
                                        .served_by = "fake",
                                        .routes = fake->routes,
                                        .route_count = count,
                                        .arg = fake,
                                        .max_requests = 10};
    fake->server = http_server_new(&config, &err);
    cr_assert(fake->server, "%s", err.text);
    snprintf(fake->address, sizeof fake->address, fake->ip && strchr(fake->ip, ':') ? "[%s]:%d" : "%s:%d",
             config.address, http_server_port(fake->server));
}

static inline void fake_close(struct fake_server *fake)
{
    if (fake->server)
        http_server_close(fake->server, deadline_in(1000));
    fake->server = NULL;
}

#endif
