/* fake_registry: a registry in memory that fails on demand, in the same ways as a real one. */
#ifndef DISCOVERY_TESTS_FAKE_REGISTRY_H
#define DISCOVERY_TESTS_FAKE_REGISTRY_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "discovery/discovery.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/sync.h"

enum fake_mode {
    FAKE_GOOD,
    FAKE_REFUSES,
    FAKE_HANGS,
    FAKE_PROMPT, /* replies to each query at once, with another index each time */
};

enum { FAKE_TIMES_MAX = 4096 };

struct fake_registry {
    struct registry registry;
    enum fake_mode mode;
    char ids[1024];
    int crowd; /* the number of additional instances, in crowd_status */
    enum instance_status crowd_status;
    uint64_t index;
    struct wait_queue changed;
    int64_t queried_at[FAKE_TIMES_MAX], waited[FAKE_TIMES_MAX];
    int queries;
};

static void fake_add_crowd(struct instance_list *list, int count, enum instance_status status)
{
    for (int i = 0; i < count; i++) {
        char id[32];
        snprintf(id, sizeof id, "crowd-%06d", i);
        struct instance instance = {.id = id, .address = "10.0.0.1", .zone = "", .version = "", .port = 8000 + 'z',
                                    .weight = 1, .warning_weight = 1, .status = status};
        instance_list_add(list, &instance);
    }
}

static struct instance_list *fake_list(const char *ids, int crowd, enum instance_status crowd_status)
{
    struct instance_list *list = instance_list_new();
    char copy[sizeof ((struct fake_registry *)0)->ids];
    snprintf(copy, sizeof copy, "%s", ids);
    for (char *id = strtok(copy, " "); id; id = strtok(NULL, " ")) {
        char *slash = strchr(id, '/'), *colon = strchr(id, ':'), *node = strchr(id, '#'), *version = strchr(id, '=');
        struct instance instance = {.address = "10.0.0.1", .zone = "", .version = "", .weight = 1, .warning_weight = 1};
        instance.status = slash ? INSTANCE_CRITICAL : INSTANCE_PASSING;
        instance.port = (uint16_t)(colon ? atoi(colon + 1) : 8000 + id[0]);
        if (slash || colon)
            *(slash ? slash : colon) = '\0';
        if (version) {
            *version = '\0';
            instance.version = version + 1;
        }
        if (node) {
            *node = '\0';
            instance.node = node + 1;
            instance.node_down = strcmp(instance.node, "down") == 0;
        }
        instance.id = id;
        instance_list_add(list, &instance);
    }
    fake_add_crowd(list, crowd, crowd_status);
    instance_list_finish(list);
    return list;
}

/* Sets the registered instances: "a b c/critical d:9000 e#node-1:9001"; the node "down" is down. "f=2.0.0" has a
 * version. */
static void fake_set(struct fake_registry *fake, const char *ids)
{
    snprintf(fake->ids, sizeof fake->ids, "%s", ids);
    fake->index++;
    wait_queue_wake_all(&fake->changed);
}

static int fake_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                      int64_t deadline, struct instance_list **list, struct err *err)
{
    struct fake_registry *fake = (struct fake_registry *)registry;
    (void)service;
    if (fake->queries < FAKE_TIMES_MAX) {
        fake->queried_at[fake->queries] = clock_ms();
        fake->waited[fake->queries++] = wait_ms;
    }
    uint64_t known = cursor->index;
    cursor->index = 0;
    if (fake->mode == FAKE_REFUSES)
        return err_set(err, ERR_UNREACHABLE, "cannot query %s: connection refused", fake->registry.ops->kind);
    if (fake->mode == FAKE_GOOD && wait_ms > 0 && known == fake->index)
        wait_queue_park(&fake->changed, deadline_min(deadline, deadline_in(wait_ms)));
    if (fake->mode == FAKE_HANGS) {
        fiber_sleep(deadline_left(deadline));
        return err_set(err, ERR_TIMEOUT, "cannot query %s: timed out", fake->registry.ops->kind);
    }
    fake->index += fake->mode == FAKE_PROMPT;
    cursor->index = fake->index;
    *list = known == fake->index ? NULL : fake_list(fake->ids, fake->crowd, fake->crowd_status); /* NULL: nothing has changed */
    return 0;
}

static const struct registry_ops fake_consul_ops = {.kind = "consul", .fetch = fake_fetch};
static __attribute__((unused)) const struct registry_ops fake_etcd_ops = {.kind = "etcd", .fetch = fake_fetch};

static void fake_init(struct fake_registry *fake, const struct registry_ops *ops, const char *ids)
{
    memset(fake, 0, sizeof *fake);
    fake->registry.ops = ops;
    fake_set(fake, ids);
}

#endif
