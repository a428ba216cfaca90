#include "discovery/discovery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "discovery/snapshot.h"
#include "discovery/static_list.h"
#include "discovery/watch.h"

enum { RETRY_FIRST_MS = 1000 }; /* backoff after the first failure; then × 1.6, as in gRPC */

struct discovery {
    struct discovery_config config;
    struct watched_service *services; /* in the order of discovery_watch() */
    size_t count;
    struct group fibers;
};

int discovery_check_static(const char *text)
{
    struct err err = ERR_INIT;
    struct instance_list *list;
    return static_list_parse(text, NULL, &list, &err);
}

/* --- Create and free ----------------------------------------------------------------------- */

struct discovery *discovery_new(const struct discovery_config *config)
{
    if (discovery_check_static(config->static_instances) != 0 || config->registry_count > SOURCES_REGISTRIES_MAX)
        return NULL;
    struct discovery *discovery = calloc(1, sizeof *discovery);
    if (discovery)
        discovery->config = *config;
    return discovery;
}

static void watched_free(struct watched_service *watched)
{
    sources_close(&watched->sources);
    free(watched->name);
    free(watched);
}

static struct watched_service *watched_new(const struct discovery_config *config, const char *service)
{
    struct watched_service *watched = calloc(1, sizeof *watched);
    if (!watched)
        return NULL;
    struct err err = ERR_INIT;
    struct sources *sources = &watched->sources;
    watched->ttl_ms = sources->ttl_ms = config->ttl_ms;
    watched->poll = config->mode == DISCOVERY_POLL;
    watched->snapshot_dir = config->snapshot_dir;
    sources->disk.tried = !*config->snapshot_dir;
    sources->registry_count = config->registry_count;
    for (size_t i = 0; i < config->registry_count; i++) {
        sources->registries[i].kind = registry_kind(config->registries[i]);
        sources->registries[i].lacks_maintenance = config->registries[i]->ops->lacks_maintenance;
        watched->watches[i] = (struct watch){
            .service = watched,
            .registry = config->registries[i],
            .source = &sources->registries[i],
            .backoff = BACKOFF_INIT(RETRY_FIRST_MS, config->retry_cap_ms),
        };
    }
    watched->name = strdup(service);
    if (watched->name && static_list_parse(config->static_instances, service, &sources->static_fallback.list, &err) == 0)
        return watched;
    watched_free(watched);
    return NULL;
}

int discovery_watch(struct discovery *discovery, const char *service)
{
    struct watched_service *watched = watched_new(&discovery->config, service);
    if (!watched)
        return -1;
    struct watched_service **last = &discovery->services;
    while (*last)
        last = &(*last)->next;
    *last = watched;
    discovery->count++;
    for (size_t i = 0; i < discovery->config.registry_count; i++)
        if (group_go(&discovery->fibers, watch_run, &watched->watches[i]) != 0)
            return -1;
    if (*watched->snapshot_dir)
        return group_go(&discovery->fibers, snapshot_run, watched);
    return 0;
}

void discovery_set_ttl(struct discovery *discovery, int64_t ttl_ms)
{
    discovery->config.ttl_ms = ttl_ms;
    for (struct watched_service *watched = discovery->services; watched; watched = watched->next)
        watched->ttl_ms = watched->sources.ttl_ms = ttl_ms;
}

void discovery_stop(struct discovery *discovery)
{
    group_cancel(&discovery->fibers);
    group_join(&discovery->fibers);
}

void discovery_free(struct discovery *discovery)
{
    while (discovery && discovery->services) {
        struct watched_service *watched = discovery->services;
        discovery->services = watched->next;
        watched_free(watched);
    }
    free(discovery);
}

/* --- Read the list ------------------------------------------------------------------------- */

static struct watched_service *find_service(const struct discovery *discovery, const char *service)
{
    struct watched_service *watched = discovery->services;
    while (watched && strcmp(watched->name, service) != 0)
        watched = watched->next;
    return watched;
}

static void fill_view(struct watched_service *watched, struct discovery_view *view)
{
    int64_t now_ms = clock_ms();
    struct sources *sources = &watched->sources;
    sources_refresh(sources, now_ms);
    *view = (struct discovery_view){
        .list = sources->merged.list,
        .missing = sources->merged.missing,
        .version = sources->version,
        .source = sources_name_in_use(sources, now_ms),
        .age_ms = sources_age_ms(sources, now_ms),
        .index = sources->in_use ? sources->in_use->index : 0,
        .last_error = sources_error(sources),
    };
}

int discovery_look(struct discovery *discovery, const char *service, struct discovery_view *view)
{
    struct watched_service *watched = find_service(discovery, service);
    if (!watched)
        return -1;
    fill_view(watched, view);
    return 0;
}

bool discovery_any_registry_up(struct discovery *discovery, const char *service, char *failing, size_t size)
{
    const struct watched_service *watched = find_service(discovery, service);
    failing[0] = '\0';
    return watched && sources_any_registry_up(&watched->sources, failing, size);
}

/* The lesson's get_instances() has four steps. Here a fiber does the second one in the
 * background, so a call almost never waits for it:
 *
 *   1. Look into the cache                fill_view() above
 *   2. Expired: query Consul              query_registry() in watch.c, well before the list
 *                                         expires; only the first calls wait for it, below
 *   3. Consul is down: return the cache   choose_source() in sources.c: a stale list stays
 *                                         in use, then the snapshot, then the static list
 *   4. Nothing is known: an error         the last line below
 */
int discovery_get(struct discovery *discovery, const char *service, int64_t deadline, struct discovery_view *view,
                  struct err *err)
{
    *view = (struct discovery_view){.source = ""};
    struct watched_service *watched = find_service(discovery, service);
    if (!watched)
        return err_set(err, ERR_NOT_FOUND, "%s is not watched", service);
    fill_view(watched, view);
    while (!view->list && sources_are_pending(&watched->sources)) {
        enum wait_result result = wait_queue_park(&watched->waiting, deadline);
        if (result == WAIT_CANCELLED)
            return err_set(err, ERR_CANCELLED, "cancelled");
        fill_view(watched, view);
        if (result == WAIT_TIMEOUT)
            break;
    }
    if (view->list)
        return 0;
    return err_set(err, ERR_NOT_FOUND, "%s", view->last_error ? view->last_error : "no registry has answered yet");
}

void discovery_report_failure(struct discovery *discovery, const char *service, const struct instance *instance,
                              bool timed_out)
{
    struct watched_service *watched = find_service(discovery, service);
    if (watched)
        merged_list_report_failure(&watched->sources.merged, instance, timed_out, clock_ms());
}

size_t discovery_count(const struct discovery *discovery)
{
    return discovery->count;
}

const char *discovery_service(const struct discovery *discovery, size_t i)
{
    const struct watched_service *watched = discovery->services;
    while (i-- > 0)
        watched = watched->next;
    return watched->name;
}

/* --- Metrics ------------------------------------------------------------------------------- */

static void write_ages(struct discovery *discovery, struct buf *out)
{
    metrics_head(out, "discovery_cache_age_seconds", "gauge", "Seconds since the list in use was last confirmed.");
    for (struct watched_service *watched = discovery->services; watched; watched = watched->next) {
        char label[300];
        metrics_label(label, sizeof label, "service", watched->name);
        metrics_seconds(out, "discovery_cache_age_seconds", label, sources_age_ms(&watched->sources, clock_ms()));
    }
}

static void write_tier(const struct watched_service *watched, const char *source, struct buf *out)
{
    char labels[344];
    const char *used = sources_name_in_use(&watched->sources, clock_ms());
    metrics_labels(labels, sizeof labels, "service", watched->name, "source", source);
    metrics_value(out, "discovery_tier", labels, strcmp(*used ? used : "none", source) == 0);
}

/* Each source always has a line, so that no time series begins or ends when the source changes. */
static void write_tiers(struct discovery *discovery, struct buf *out)
{
    static const char *const others[] = {"cache", "disk", "static", "none"};
    metrics_head(out, "discovery_tier", "gauge", "1 for the source of the list in use, 0 for the others.");
    for (struct watched_service *watched = discovery->services; watched; watched = watched->next) {
        for (size_t i = 0; i < watched->sources.registry_count; i++)
            write_tier(watched, watched->sources.registries[i].kind, out);
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            write_tier(watched, others[i], out);
    }
}

/* For alerts, which do not know which registry is the most trusted one. */
static void write_fallbacks(struct discovery *discovery, struct buf *out)
{
    metrics_head(out, "discovery_fallback", "gauge",
                 "1 if the list in use is not a fresh one of the most trusted registry.");
    for (struct watched_service *watched = discovery->services; watched; watched = watched->next) {
        const struct sources *sources = &watched->sources;
        char label[300];
        metrics_label(label, sizeof label, "service", watched->name);
        bool is_first = strcmp(sources_name_in_use(sources, clock_ms()), sources->registries[0].kind) == 0;
        metrics_value(out, "discovery_fallback", label, !is_first);
    }
}

void discovery_metrics(struct discovery *discovery, struct buf *out)
{
    for (struct watched_service *watched = discovery->services; watched; watched = watched->next)
        sources_refresh(&watched->sources, clock_ms());
    write_ages(discovery, out);
    write_tiers(discovery, out);
    write_fallbacks(discovery, out);
}
