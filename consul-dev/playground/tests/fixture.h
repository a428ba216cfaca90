/* fixture: runs build/playground on free ports, and is its page: reads its state, and presses its buttons.
 */
#ifndef PLAYGROUND_TESTS_FIXTURE_H
#define PLAYGROUND_TESTS_FIXTURE_H

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "harness/http_probe.h"
#include "harness/view.h"
#include "net/json.h"

enum {
    PATIENCE_MS = 60000, /* the machine may be busy; a test prints the time that it measured */
    ENV_MAX = 16,
};

#define REPORT(format, ...) fprintf(stderr, "    measured: " format "\n", __VA_ARGS__)

static struct folder folder; /* for its output */
static struct proc playground;
static int page_port;
static char page_host[32]; /* "127.0.0.1:40123" */
static struct err err;

/* --- Start and stop --------------------------------------------------------------------- */

static inline void launch(const char *const extra[], const char *argument)
{
    char build[PLACE_PATH_MAX], program[PLACE_PATH_MAX + 16], log[PLACE_PATH_MAX + 16];
    const char *env[ENV_MAX] = {"CONSUL_PORT=0",     "USER_PORT=0",           "ORDER_PORT=0", "PLAYGROUND_PORT=0",
                                "REGISTER_JITTER=0", "RECONCILE_INTERVAL=1s", "LC_ALL=C"};
    build_path(build);
    snprintf(program, sizeof program, "%s/playground", build);
    if (!folder.path[0])
        cr_assert_eq(folder_take(&folder, &err), 0, "%s", err.text);
    snprintf(log, sizeof log, "%s/playground", folder.path);
    for (int i = 7; extra && *extra; extra++)
        env[i++] = *extra;
    const char *const argv[] = {program, argument, NULL};
    cr_assert_eq(proc_start(&playground, argv, env, log, &err), 0, "%s", err.text);
}

static inline void find_page(void)
{
    cr_assert(proc_wait_output(&playground, "http://", page_host, sizeof page_host, PATIENCE_MS));
    page_port = atoi(strchr(page_host, ':') + 1);
}

/* Ctrl-C. Returns its exit code; -1: it had to be killed. */
static inline int end_playground(void)
{
    int status = proc_stop(&playground, SIGINT, PATIENCE_MS);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void teardown(void)
{
    if (proc_is_running(&playground))
        cr_expect_eq(end_playground(), 0);
    folder_remove(&folder);
}

/* --- Reading the state -------------------------------------------------------------------- */

static inline int get(const char *path, const char *header, struct probe_reply *reply)
{
    char url[SERVICE_URL_MAX];
    struct err ignored = ERR_INIT;
    const struct probe_request request = {.url = url, .headers = (const char *const[]){header, NULL}};
    snprintf(url, sizeof url, "http://%s%s", page_host, path);
    return probe_send(NULL, &request, reply, &ignored) == 0 ? reply->status : 0;
}

/* A new reference; NULL: no reply. */
static inline json_t *state_new(void)
{
    struct probe_reply reply = {0};
    struct err ignored = ERR_INIT;
    json_t *state =
        get("/api/state", NULL, &reply) == 200 ? json_parse_new(buf_text(&reply.body), reply.body.len, &ignored) : NULL;
    probe_reply_close(&reply);
    return state;
}

static inline const json_t *node_in(const json_t *state, const char *id)
{
    const json_t *node;
    size_t i;
    json_array_foreach(json_object_get(state, "nodes"), i,
                       node) if (strcmp(json_string_value(json_object_get(node, "id")), id) == 0) return node;
    return NULL;
}

static inline const char *text_in(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static inline int64_t number_in(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* --- Waiting ---------------------------------------------------------------------------------- */

struct wanted {
    const char *id, *member, *value; /* id NULL: every node */
};

static inline bool node_is(const json_t *node, const struct wanted *wanted)
{
    return strcmp(text_in(node, wanted->member), wanted->value) == 0;
}

static inline bool is_shown(void *arg)
{
    const struct wanted *wanted = arg;
    json_t *state = state_new();
    const json_t *nodes = json_object_get(state, "nodes"), *node;
    size_t i;
    bool shown = json_array_size(nodes) > 0;
    json_array_foreach(nodes, i, node) if (!wanted->id && !node_is(node, wanted)) shown = false;
    if (wanted->id)
        shown = node_in(state, wanted->id) && node_is(node_in(state, wanted->id), wanted);
    json_decref(state);
    return shown;
}

/* The instance with this id got calls in the last second. */
static inline bool is_called(void *id)
{
    json_t *state = state_new();
    bool called = number_in(node_in(state, id), "calls") > 0;
    json_decref(state);
    return called;
}

/* The picture has no node with this id. */
static inline bool is_gone(void *id)
{
    json_t *state = state_new();
    bool gone = state && !node_in(state, id);
    json_decref(state);
    return gone;
}

static inline void dump_state(void)
{
    struct probe_reply reply = {0};
    get("/api/state", NULL, &reply);
    fprintf(stderr, "%s\n", buf_text(&reply.body));
    probe_reply_close(&reply);
}

/* Milliseconds until the node shows this value, for example in the member "state". */
static inline int64_t await_member(const char *id, const char *member, const char *value)
{
    struct wanted wanted = {id, member, value};
    int64_t ms = time_until(is_shown, &wanted, PATIENCE_MS);
    if (ms < 0)
        dump_state();
    cr_assert_geq(ms, 0, "%s does not show %s %s", id ? id : "not every node", member, value);
    return ms;
}

static inline int64_t await_state(const char *id, const char *state)
{
    return await_member(id, "state", state);
}

static inline void start_playground(const char *const extra[])
{
    launch(extra, NULL);
    find_page();
    REPORT("all nodes are passing %lld ms after the start", (long long)await_state(NULL, "passing"));
}

static inline void setup(void)
{
    start_playground(NULL);
}

/* --- Buttons ---------------------------------------------------------------------------------- */

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
