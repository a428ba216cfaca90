#include "discovery/sources.h"

#include <stdio.h>
#include <string.h>

enum { REASON_MAX = 90 }; /* bytes of each error: two of them fit into the field that /health shows */

/* The cache's TTL (DISCOVERY_CACHE_TTL, 30 s by default). In a cache that is refreshed only
 * when it has expired, the TTL is a compromise: if it is long, dead instances are called
 * for long; if it is short, there are many queries. Here a fiber refreshes the list in
 * the background instead (watch.c), well before it expires:
 *
 *   watch (default)  The query waits in the registry until the list changes, so a change
 *                    arrives within milliseconds. Without a change the query returns
 *                    after a third of the TTL, and that confirms the list.
 *   poll             A query every half TTL, give or take 20 %. A change arrives with
 *                    the next query.
 *
 * So the list stays fresh while its registry is up. If it was not confirmed for a whole
 * TTL, it is stale: the registry is down or cannot be reached. Then the next registry
 * takes over if its list is fresh; else the stale list stays in use, and
 * X-Discovery-Source says "cache". What remains to choose:
 *
 *   TTL too long     an outage of the registry is noticed late: the second registry takes
 *                    over late, and the alert comes late
 *   TTL too short    one slow reply makes the list stale; and more queries: one every
 *                    TTL / 3 (watch) or TTL / 2 (poll)
 */
static bool is_fresh(const struct sources *sources, const struct source *source, int64_t now_ms)
{
    return source->list && now_ms - source->confirmed_ms <= sources->ttl_ms;
}

/* --- Results of queries -------------------------------------------------------------------- */

bool source_update(struct source *source, struct instance_list *list, uint64_t index, int64_t now_ms)
{
    source->tried = true;
    source->confirmed_ms = now_ms;
    source->index = index;
    err_clear(&source->error);
    if (!list || (source->list && instance_list_equal(source->list, list))) {
        instance_list_unref(list); /* the same list: callers keep what they derived from it */
        return false;
    }
    instance_list_unref(source->list);
    source->list = list;
    return true;
}

void source_failed(struct source *source, const struct err *err)
{
    source->has_failed = true;
    source->tried = true;
    source->error = *err;
}

/* --- The source in use --------------------------------------------------------------------- */

static const struct source *choose_source(const struct sources *sources, int64_t now_ms)
{
    const struct source *newest = NULL;
    for (size_t i = 0; i < sources->registry_count; i++) {
        const struct source *source = &sources->registries[i];
        if (is_fresh(sources, source, now_ms))
            return source;
        if (source->list && (!newest || source->confirmed_ms > newest->confirmed_ms))
            newest = source;
    }
    if (newest)
        return newest;
    if (sources->disk.list)
        return &sources->disk;
    return sources->static_fallback.list ? &sources->static_fallback : NULL;
}

/* Another list replaces the previous one. True: instances that only the previous list has
 * may be kept as missing. Those of the static list are not kept, because no registry ever
 * named them. Those of the snapshot are kept only if it is younger than
 * MERGED_LIST_MISSING_MS: yesterday's instances are gone.
 * Exception: a registry was down, the static list or the snapshot was in use, and now the
 * registry returns an empty list. The registry has lost its state, so all are kept. */
static bool keeps_missing(const struct sources *sources, const struct source *previous, int64_t now_ms)
{
    if (!previous)
        return false;
    bool is_last_resort = previous == &sources->static_fallback ||
                          (previous == &sources->disk && now_ms - previous->confirmed_ms > MERGED_LIST_MISSING_MS);
    return !is_last_resort || (sources->in_use->has_failed && sources->in_use->list->count == 0);
}

/* --- Maintenance ---------------------------------------------------------------------------- */

/* All entries with this id are in maintenance. */
static bool is_in_maintenance(const struct instance_list *list, const char *id)
{
    const struct instance *first = instance_list_find(list, id), *end = first ? list->at + list->count : NULL;
    for (const struct instance *instance = first; instance < end && strcmp(instance->id, id) == 0; instance++)
        if (!instance->maintenance)
            return false;
    return first != NULL;
}

static bool any_differs(const struct instance_list *list, const struct instance_list *trusted)
{
    for (size_t i = 0; i < list->count; i++)
        if (!list->at[i].maintenance && is_in_maintenance(trusted, list->at[i].id))
            return true;
    return false;
}

/* Returns a reference: to a copy, or to the list itself if no instance differs or memory is out. */
static struct instance_list *with_maintenance(struct instance_list *list, const struct instance_list *trusted)
{
    struct instance_list *copy = any_differs(list, trusted) ? instance_list_new() : NULL;
    for (size_t i = 0; copy && i < list->count; i++) {
        struct instance instance = list->at[i];
        instance.maintenance |= is_in_maintenance(trusted, instance.id);
        if (!instance_list_add(copy, &instance)) {
            instance_list_unref(copy);
            copy = NULL;
        }
    }
    if (!copy)
        return instance_list_ref(list);
    instance_list_finish(copy);
    return copy;
}

/* The list of another registry whose maintenance counts besides that of the one in use; NULL: it does not count. An
 * operator sets it in one registry, usually the most trusted one. So the last list of a more trusted registry counts,
 * which does not answer now. If the one in use lacks maintenance (etcd), a less trusted one counts, too: that is where
 * it was set. */
static struct instance_list *maintenance_of(const struct sources *sources, size_t i)
{
    const struct source *source = &sources->registries[i];
    bool counts = source < sources->in_use || (source > sources->in_use && sources->in_use->lacks_maintenance);
    return counts ? source->list : NULL;
}

static bool has_other_maintenance(const struct sources *sources)
{
    for (size_t i = 0; i < sources->registry_count; i++)
        if (maintenance_of(sources, i) != sources->maintained[i])
            return true;
    return false;
}

/* In etcd only the instance itself sets it. So if another registry lists the instance, that one decides. */
static bool missing_is_in_maintenance(const struct sources *sources, const struct instance *instance)
{
    bool keeps_own = true, is_set = false;
    for (size_t r = 0; r < sources->registry_count; r++) {
        const struct instance_list *other = sources->maintained[r];
        if (!other || !instance_list_find(other, instance->id))
            continue;
        keeps_own = !sources->in_use->lacks_maintenance;
        is_set |= is_in_maintenance(other, instance->id);
    }
    return is_set || (keeps_own && instance->maintenance);
}

/* Those that the source in use has lost are in none of its lists. Their entries are the merged list's own. */
static void maintain_missing(struct sources *sources)
{
    const struct merged_list *merged = &sources->merged;
    for (size_t i = 0; merged->missing && i < merged->list->count; i++)
        if (merged->missing[i])
            merged->list->at[i].maintenance = missing_is_in_maintenance(sources, &merged->list->at[i]);
}

/* Merges the list of the source in use, with the maintenance that counts. */
static void use_list(struct sources *sources, const struct source *previous, int64_t now_ms)
{
    struct instance_list *list = instance_list_ref(sources->in_use->list);
    for (size_t i = 0; i < sources->registry_count; i++) {
        struct instance_list *other = maintenance_of(sources, i);
        struct instance_list *held = other ? with_maintenance(list, other) : instance_list_ref(list);
        instance_list_unref(list);
        list = held;
        instance_list_unref(sources->maintained[i]);
        sources->maintained[i] = other ? instance_list_ref(other) : NULL;
    }
    merged_list_update(&sources->merged, list, keeps_missing(sources, previous, now_ms), now_ms);
    maintain_missing(sources);
    instance_list_unref(list);
    instance_list_unref(sources->list_in_use);
    sources->list_in_use = instance_list_ref(sources->in_use->list);
    sources->version++;
}

void sources_refresh(struct sources *sources, int64_t now_ms)
{
    const struct source *previous = sources->in_use;
    sources->in_use = choose_source(sources, now_ms);
    if (!sources->in_use)
        return;
    if (sources->in_use->list != sources->list_in_use || has_other_maintenance(sources))
        use_list(sources, previous, now_ms);
    if (merged_list_expire(&sources->merged, now_ms))
        sources->version++;
}

const char *sources_name_in_use(const struct sources *sources, int64_t now_ms)
{
    const struct source *used = sources->in_use;
    if (!used)
        return "";
    if (used == &sources->static_fallback)
        return "static";
    if (used == &sources->disk)
        return "disk";
    return is_fresh(sources, used, now_ms) ? used->kind : "cache";
}

int64_t sources_age_ms(const struct sources *sources, int64_t now_ms)
{
    const struct source *used = sources->in_use;
    return !used || used == &sources->static_fallback ? 0 : now_ms - used->confirmed_ms;
}

const char *sources_error(const struct sources *sources)
{
    for (size_t i = 0; i < sources->registry_count; i++)
        if (sources->registries[i].error.code != ERR_NONE)
            return sources->registries[i].error.text;
    return NULL;
}

bool sources_any_registry_up(const struct sources *sources, char *failing, size_t size)
{
    bool any = false;
    failing[0] = '\0';
    for (size_t i = 0; i < sources->registry_count; i++) {
        const struct source *source = &sources->registries[i];
        size_t len = strlen(failing);
        if (source->error.code != ERR_NONE)
            snprintf(failing + len, size - len, "%s%.*s", len > 0 ? "; " : "", REASON_MAX, source->error.text);
        else if (source->tried)
            any = true;
    }
    return any;
}

bool sources_are_pending(const struct sources *sources)
{
    for (size_t i = 0; i < sources->registry_count; i++)
        if (!sources->registries[i].tried)
            return true;
    return !sources->disk.tried;
}

void sources_close(struct sources *sources)
{
    for (size_t i = 0; i < sources->registry_count; i++) {
        instance_list_unref(sources->registries[i].list);
        instance_list_unref(sources->maintained[i]);
    }
    instance_list_unref(sources->disk.list);
    instance_list_unref(sources->static_fallback.list);
    instance_list_unref(sources->list_in_use);
    merged_list_close(&sources->merged);
}
