/* buttons: presses the buttons of the page. */
#ifndef PLAYGROUND_TESTS_BUTTONS_H
#define PLAYGROUND_TESTS_BUTTONS_H

#include "page_state.h"

/* Returns the status; *code: of a refusal. */
static inline int act_with(const char *body, const char *const headers[], char code[64])
{
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    struct err ignored = ERR_INIT;
    const struct probe_request request = {.url = url, .headers = headers, .body = body};
    snprintf(url, sizeof url, "http://%s/api/do", page_host);
    int status = probe_send(NULL, &request, &reply, &ignored) == 0 ? reply.status : 0;
    json_t *answer = json_parse_new(buf_text(&reply.body), reply.body.len, &ignored);
    snprintf(code, 64, "%s", text_in(answer, "code"));
    if (status == 200)
        cr_expect(json_is_true(json_object_get(answer, "ok")));
    json_decref(answer);
    probe_reply_close(&reply);
    return status;
}

static inline int act(const char *body)
{
    char code[64];
    return act_with(body, NULL, code);
}

static inline int act_on(const char *action, const char *target)
{
    char body[200];
    snprintf(body, sizeof body, "{\"action\":\"%s\",\"target\":\"%s\"}", action, target);
    return act(body);
}

static inline void expect_shown(const char *action, const char *id, const char *state)
{
    cr_expect_eq(act_on(action, id), 200, "%s %s", action, id);
    int64_t ms = await_state(id, state);
    REPORT("%s %s: shown as %s after %lld ms (wanted: 2000)", action, id, state, (long long)ms);
}

static inline void expect_refused(const char *body, int status, const char *code)
{
    char seen[64];
    cr_expect_eq(act_with(body, NULL, seen), status, "%s", body);
    cr_expect_str_eq(seen, code, "%s", body);
}

static inline bool is_back(void *unused)
{
    (void)unused;
    json_t *state = state_new();
    bool back = json_is_false(json_object_get(state, "resetting"));
    json_decref(state);
    return back;
}

/* Until then, actions are refused. */
static inline void put_everything_back(void)
{
    cr_expect_eq(act("{\"action\":\"reset\"}"), 200);
    cr_expect(wait_until(is_back, NULL, PATIENCE_MS));
}

#endif
