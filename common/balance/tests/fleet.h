/* fleet: builds instance lists from a line of text, and shows picks as a line of text.
 *
 *     "a:3 b:1 c:1/critical d:1/warning e:1/maintenance f:1/node_down g:1@zone-b h:1/moved i:1#node-1 j:1=2.0.0"
 */
#ifndef BALANCE_TESTS_FLEET_H
#define BALANCE_TESTS_FLEET_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balance/balancer.h"

static const struct balance_request any_request = {.key = ""};

/* For tests that every policy must pass. */
static __attribute__((unused)) int policy_count(void)
{
    int count = 1;
    for (const char *p = BALANCE_POLICY_NAMES; *p; p++)
        count += *p == '|';
    return count;
}

static struct instance fleet_parse(char *word)
{
    struct instance instance = {.address = "127.0.0.1", .zone = "", .version = "", .port = 8001, .warning_weight = 1};
    char *zone = strchr(word, '@'), *state = strchr(word, '/'), *weight = strchr(word, ':'), *node = strchr(word, '#'),
         *version = strchr(word, '=');
    if (version) {
        *version = '\0';
        instance.version = version + 1;
    }
    if (node) {
        *node = '\0';
        instance.node = instance.address = node + 1;
    }
    if (zone) {
        *zone = '\0';
        instance.zone = zone + 1;
    }
    if (state) {
        *state++ = '\0';
        instance.port += strcmp(state, "moved") == 0;
        instance.maintenance = strcmp(state, "maintenance") == 0;
        instance.node_down = strcmp(state, "node_down") == 0;
        instance.status = strcmp(state, "passing") == 0 || strcmp(state, "moved") == 0 ? INSTANCE_PASSING
                          : strncmp(state, "warning", 7) == 0 ? INSTANCE_WARNING
                                                               : INSTANCE_CRITICAL;
        if (strcmp(state, "warning0") == 0)
            instance.warning_weight = 0;
    }
    *weight = '\0';
    instance.weight = atoi(weight + 1);
    instance.id = word;
    return instance;
}

static struct instance_list *fleet_new(const char *text)
{
    struct instance_list *list = instance_list_new();
    char *copy = strdup(text);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        struct instance instance = fleet_parse(word);
        instance_list_add(list, &instance);
    }
    instance_list_finish(list);
    free(copy);
    return list;
}

/* A balancer without a list. */
static struct balancer *fleet_empty(enum balance_policy policy, const char *caller, const char *zone)
{
    return balancer_new(&(struct balancer_config){.policy = policy, .caller = caller, .zone = zone});
}

static void fleet_set_at(struct balancer *balancer, const char *text, int64_t now_ms)
{
    struct instance_list *list = fleet_new(text);
    cr_assert_eq(balancer_update(balancer, list, NULL, now_ms), 0);
    instance_list_unref(list);
}

static void fleet_set(struct balancer *balancer, const char *text)
{
    fleet_set_at(balancer, text, 0);
}

static __attribute__((unused)) struct balancer *fleet_balancer(enum balance_policy policy, const char *text)
{
    struct balancer *balancer = fleet_empty(policy, "", "");
    fleet_set(balancer, text);
    return balancer;
}

/* The ids of the next `count` picks in one line, "-" if there is no instance. Checks
 * that each pick is the one that balancer_peek() returned before it. */
static __attribute__((unused)) const char *fleet_picks(struct balancer *balancer, int count, int64_t now_ms)
{
    static char line[4096];
    line[0] = '\0';
    for (int i = 0; i < count; i++) {
        const struct balancer_peer *peeked = balancer_peek(balancer, &any_request, now_ms);
        struct balancer_peer *picked = balancer_pick(balancer, &any_request, now_ms);
        cr_expect_eq(peeked, picked);
        strcat(line, picked ? picked->instance->id : "-");
        if (picked)
            balancer_release(picked);
    }
    return line;
}

static __attribute__((unused)) struct balancer_peer *fleet_peer(struct balancer *balancer, const char *id)
{
    for (size_t i = 0; i < balancer_count(balancer); i++)
        if (strcmp(balancer_at(balancer, i)->instance->id, id) == 0)
            return (struct balancer_peer *)balancer_at(balancer, i);
    return NULL;
}

static __attribute__((unused)) void fleet_fail(struct balancer *balancer, const char *id, int times, int64_t now_ms)
{
    for (int i = 0; i < times; i++)
        balancer_report(balancer, fleet_peer(balancer, id), false, now_ms);
}

#endif
