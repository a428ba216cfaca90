/* The learner's get_instances() as the discovery module of the real order-service. It
 * is linked instead of common/discovery/discovery.c: no watch, no second registry, no
 * snapshot, only the learner's cache. */
#include "discovery/discovery.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
/* The project uses these two names for something else. */
#define instance learners_instance
#define err_set learners_err_set
#include "3-registry-outage/given.h"
#undef instance
#undef err_set

int given_ask_consul(struct list *out, struct err *why);
int given_err_set(struct err *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

enum { ASK_MS = 1000 };

struct discovery {
    struct discovery_config config;
    char *service;
    struct entry entry;          /* the learner's */
    struct list last;            /* as get_instances() returned it */
    struct instance_list *known; /* the same, for the balancer; NULL: none yet */
    uint64_t version;
    struct err error;
};

static struct discovery *only; /* for ask_consul(), which has no argument for it */

/* --- The given functions ------------------------------------------------------------------ */

int given_err_set(struct err *why, const char *fmt, ...)
{
    char text[sizeof why->text];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    err_clear(why);
    return err_set(why, ERR_FAILED, "%s", text);
}

/* The lesson's passing=True. */
static void copy_passing(struct list *out, const struct instance_list *list)
{
    out->n = 0;
    for (size_t i = 0; i < list->count && out->n < (int)(sizeof out->at / sizeof *out->at); i++) {
        const struct instance *instance = &list->at[i];
        if (instance_overall_status(instance) != INSTANCE_PASSING)
            continue;
        struct learners_instance *to = &out->at[out->n++];
        snprintf(to->id, sizeof to->id, "%s", instance->id);
        snprintf(to->address, sizeof to->address, "%s", instance->address);
        to->port = instance->port;
    }
}

int given_ask_consul(struct list *out, struct err *why)
{
    struct registry_cursor from_the_start = {0};
    struct instance_list *list = NULL;
    err_clear(why);
    if (registry_fetch(only->config.registries[0], only->service, &from_the_start, 0, deadline_in(ASK_MS), &list,
                       why) != 0)
        return -1;
    copy_passing(out, list);
    instance_list_unref(list);
    return 0;
}

/* --- Lookup ----------------------------------------------------------------------------- */

static struct instance_list *convert_new(const struct list *from)
{
    struct instance_list *list = instance_list_new();
    for (int i = 0; list && i < from->n; i++) {
        const struct learners_instance *instance = &from->at[i];
        instance_list_add(list, &(struct instance){.id = instance->id, .address = instance->address, .zone = "",
                                                   .version = "", .port = (uint16_t)instance->port, .weight = 1,
                                                   .warning_weight = 1});
    }
    if (list)
        instance_list_finish(list);
    return list;
}

static bool is_new(const struct discovery *discovery, const struct list *list)
{
    return !discovery->known || list->n != discovery->last.n ||
           memcmp(list->at, discovery->last.at, (size_t)list->n * sizeof *list->at) != 0;
}

static void adopt_list(struct discovery *discovery, const struct list *list)
{
    struct instance_list *known = convert_new(list);
    if (!known)
        return;
    instance_list_unref(discovery->known);
    discovery->known = known;
    discovery->last = *list;
    discovery->version++;
}

int discovery_look(struct discovery *discovery, const char *service, struct discovery_view *view)
{
    if (strcmp(service, discovery->service) != 0)
        return -1;
    bool filled = discovery->entry.filled; /* false: the learner's code has cached nothing, even if it returned a list */
    int64_t age_ms = filled ? clock_ms() - discovery->entry.fetched_ms : 0;
    *view = (struct discovery_view){
        .list = discovery->known,
        .version = discovery->version,
        .source = !discovery->known || !filled ? "" : age_ms <= discovery->config.ttl_ms ? "consul" : "cache",
        .age_ms = age_ms,
        .last_error = discovery->error.code == ERR_NONE ? NULL : discovery->error.text,
    };
    return 0;
}

int discovery_get(struct discovery *discovery, const char *service, int64_t deadline, struct discovery_view *view,
                  struct err *err)
{
    (void)deadline; /* unused: ask_consul() waits for a second at most */
    struct list *got = malloc(sizeof *got);
    *view = (struct discovery_view){.source = ""};
    if (!got)
        return err_set(err, ERR_FAILED, "out of memory");
    struct err why = ERR_INIT;
    int status = get_instances(&discovery->entry, clock_ms(), discovery->config.ttl_ms, got, &why);
    discovery->error = why;
    if (status == 0 && got->n >= 0 && is_new(discovery, got))
        adopt_list(discovery, got);
    free(got);
    if (status != 0)
        return err_set(err, ERR_NOT_FOUND, "%s", why.text);
    return discovery_look(discovery, service, view);
}

bool discovery_any_registry_up(struct discovery *discovery, const char *service, char *failing, size_t size)
{
    (void)service;
    snprintf(failing, size, "%s", discovery->error.text);
    return discovery->error.code == ERR_NONE;
}

void discovery_report_failure(struct discovery *discovery, const char *service, const struct instance *instance,
                              bool timed_out)
{
    (void)discovery, (void)service, (void)instance, (void)timed_out;
}

/* --- Create and free ---------------------------------------------------------------------- */

int discovery_check_static(const char *text)
{
    (void)text;
    return 0;
}

struct discovery *discovery_new(const struct discovery_config *config)
{
    only = calloc(1, sizeof *only);
    if (only)
        only->config = *config;
    return only;
}

int discovery_watch(struct discovery *discovery, const char *service)
{
    discovery->service = strdup(service);
    return discovery->service ? 0 : -1;
}

void discovery_set_ttl(struct discovery *discovery, int64_t ttl_ms)
{
    discovery->config.ttl_ms = ttl_ms;
}

void discovery_stop(struct discovery *discovery)
{
    (void)discovery;
}

void discovery_free(struct discovery *discovery)
{
    if (!discovery)
        return;
    instance_list_unref(discovery->known);
    free(discovery->service);
    free(discovery);
}

size_t discovery_count(const struct discovery *discovery)
{
    (void)discovery;
    return 1;
}

const char *discovery_service(const struct discovery *discovery, size_t i)
{
    (void)i;
    return discovery->service;
}

void discovery_metrics(struct discovery *discovery, struct buf *out)
{
    (void)discovery, (void)out;
}
