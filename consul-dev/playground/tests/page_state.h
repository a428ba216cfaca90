/* page_state: reads the state that the page of a playground shows, and waits until it shows something. */
#ifndef PLAYGROUND_TESTS_PAGE_STATE_H
#define PLAYGROUND_TESTS_PAGE_STATE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "harness/http_probe.h"
#include "harness/view.h"
#include "net/json.h"

enum { PATIENCE_MS = 60000 }; /* the machine may be busy; a test prints the time that it measured */

#define REPORT(format, ...) fprintf(stderr, "    measured: " format "\n", __VA_ARGS__)

static char page_host[32]; /* "127.0.0.1:40123"; set by fixture.h */

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

#endif
