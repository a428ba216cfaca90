/* scenario: starts a scenario of the page, and waits until it has ended.
 */
#ifndef PLAYGROUND_TESTS_SCENARIO_H
#define PLAYGROUND_TESTS_SCENARIO_H

#include "buttons.h"
#include "descendants.h"
#include "event_stream.h"

static inline int start_scenario(const char *name, const char *language)
{
    char body[100];
    snprintf(body, sizeof body, "{\"action\":\"scenario\",\"name\":\"%s\",\"language\":\"%s\"}", name, language);
    return act(body);
}

static inline bool scenario_has_ended(void *arg)
{
    json_t *state = state_new();
    const char *now = text_in(json_object_get(state, "scenario"), "state");
    bool ended = *now && strcmp(now, "running") != 0;
    (void)arg;
    json_decref(state);
    return ended;
}

/* A new reference to the scenario of the state. */
static inline json_t *ended_scenario_new(const char *name)
{
    cr_expect(wait_until(scenario_has_ended, NULL, 3 * PATIENCE_MS), "%s", name);
    json_t *state = state_new(), *scenario = json_incref(json_object_get(state, "scenario"));
    json_decref(state);
    cr_expect_str_eq(text_in(scenario, "name"), name);
    return scenario;
}

static inline void expect_verdict(const char *name, const char *verdict)
{
    json_t *scenario = ended_scenario_new(name);
    cr_expect_str_eq(text_in(scenario, "state"), verdict, "%s", name);
    json_decref(scenario);
}

/* --- A pitfall -------------------------------------------------------------------------- */

enum { PITFALL_SERVERS = 4 }; /* its guard and three servers at least */

static inline int pitfall_pid(void)
{
    struct pids pids = {.count = 0};
    add_children((int)playground.pid, &pids);
    for (int i = 0; i < pids.count; i++)
        if (strcmp(pids.process[i].name, "pitfall") == 0)
            return pids.process[i].pid;
    return 0;
}

/* pids: what it has started. */
static inline bool pitfall_has_servers(void *pids)
{
    int pid = pitfall_pid();
    ((struct pids *)pids)->count = 0;
    if (pid)
        add_children(pid, pids);
    return ((struct pids *)pids)->count >= PITFALL_SERVERS || scenario_has_ended(NULL);
}

/* Starts it, and lists what it has started. False: this machine does not allow it. */
static inline bool start_pitfall(const char *name, struct pids *pids)
{
    cr_assert_eq(start_scenario(name, "en"), 200, "%s", name);
    cr_expect(wait_until(pitfall_has_servers, pids, PATIENCE_MS), "%s", name);
    if (!scenario_has_ended(NULL))
        return true;
    expect_verdict(name, "skipped");
    return false;
}

#endif
