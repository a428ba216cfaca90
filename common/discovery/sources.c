#include "discovery/sources.h"

#include <stdio.h>
#include <string.h>

enum { REASON_MAX = 90 }; /* bytes of each: so that the reasons of two fit into what /health shows */

bool source_update(struct source *source, struct instance_list *list, uint64_t index, int64_t now_ms)
{
    source->tried = true;
    source->confirmed_ms = now_ms;
    source->index = index;
    err_clear(&source->error);
    if (!list || (source->list && instance_list_equal(source->list, list))) {
        instance_list_unref(list); /* the same again: nobody need look at it anew */
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

static bool is_fresh(const struct sources *sources, const struct source *source, int64_t now_ms)
{
    return source->list && now_ms - source->confirmed_ms <= sources->ttl_ms;
}

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

/* May those whom the next answer drops be kept as missing? Not static ones: no
 * registry ever named them. From disk only while they are as young as missing
 * ones may get: yesterday's instances are not missed. Unless they are who was
 * called until now, for the registry was away, and it comes back empty: it is the
 * one that has forgotten. */
static bool is_worth_missing(const struct sources *sources, const struct source *before, int64_t now_ms)
{
    if (!before)
        return false;
    bool is_last_resort = before == &sources->static_fallback ||
                          (before == &sources->disk && now_ms - before->confirmed_ms > MERGED_LIST_MISSING_MS);
    return !is_last_resort || (sources->in_use->has_failed && sources->in_use->list->count == 0);
}

void sources_refresh(struct sources *sources, int64_t now_ms)
{
    const struct source *before = sources->in_use;
    sources->in_use = choose_source(sources, now_ms);
    if (!sources->in_use)
        return;
    if (sources->in_use->list != sources->merged.source_list) {
        bool keep_lost = is_worth_missing(sources, before, now_ms);
        merged_list_update(&sources->merged, sources->in_use->list, keep_lost, now_ms);
        sources->version++;
    }
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
    for (size_t i = 0; i < sources->registry_count; i++)
        instance_list_unref(sources->registries[i].list);
    instance_list_unref(sources->disk.list);
    instance_list_unref(sources->static_fallback.list);
    merged_list_close(&sources->merged);
}
