/* eureka_operator: what an operator asks the Eureka of eureka_scene.h, and sets in it. */
#ifndef ORDER_SERVICE_TESTS_EUREKA_OPERATOR_H
#define ORDER_SERVICE_TESTS_EUREKA_OPERATOR_H

#include "eureka_scene.h"

struct eureka_query {
    const struct server *server;
    const char *path; /* after …/eureka/apps/ */
    const char *text; /* that the reply contains; NULL: the status must be 404 */
};

/* The status; 0: no reply. body: NULL for none. reply may be NULL. */
static inline int eureka_send(const struct server *server, const char *method, const char *path, const char *body,
                              struct probe_reply *reply)
{
    static const char *const headers[] = {"Authorization: Basic bGVzc29uOnNlY3JldA==", /* EUREKA_USER */
                                          "Accept: application/json", "Content-Type: application/json", NULL};
    char url[300];
    struct probe_reply own = {0};
    struct err ignored = ERR_INIT;
    snprintf(url, sizeof url, "%s/apps/%s", server->url, path);
    const struct probe_request request = {.method = method, .url = url, .headers = headers, .body = body};
    operator = operator ? operator : probe_new();
    reply = reply ? reply : &own;
    int status = probe_send(operator, &request, reply, &ignored) == 0 ? reply->status : 0;
    probe_reply_close(&own);
    return status;
}

static inline bool eureka_shows(void *arg)
{
    const struct eureka_query *query = arg;
    struct probe_reply reply = {0};
    int status = eureka_send(query->server, "GET", query->path, NULL, &reply);
    bool so = query->text ? status == 200 && strstr(buf_text(&reply.body), query->text) : status == 404;
    probe_reply_close(&reply);
    return so;
}

static inline void expect_shown(const char *path, const char *text)
{
    struct probe_reply reply = {0};
    int status = eureka_send(&eureka, "GET", path, NULL, &reply);
    const char *body = buf_text(&reply.body);
    cr_expect(text ? status == 200 && strstr(body, text) : status == 404, "%s: want %s: %d %s", path,
              text ? text : "404", status, body);
    probe_reply_close(&reply);
}

static inline int64_t await_shown(const char *path, const char *text, const char *what)
{
    return await(eureka_shows, &(struct eureka_query){&eureka, path, text}, PATIENCE_MS, what);
}

static inline bool all_are_in_eureka(void *arg)
{
    (void)arg;
    for (int i = 0; i < USERS; i++) {
        char path[64];
        snprintf(path, sizeof path, "USER-SERVICE/%s", user_id(i));
        if (!eureka_shows(&(struct eureka_query){&eureka, path, "\"status\":\"UP\""}))
            return false;
    }
    return true;
}

/* What Eureka calls OUT_OF_SERVICE is our maintenance. */
static inline void set_out_of_service(int i, bool is_out)
{
    char path[128];
    snprintf(path, sizeof path, "USER-SERVICE/%s/status?value=%s", user_id(i), is_out ? "OUT_OF_SERVICE" : "UP");
    cr_expect_eq(eureka_send(&eureka, is_out ? "PUT" : "DELETE", path, NULL, NULL), 200, "%s", path);
}

#endif
