/* Which source is in use: lists and a clock, without a registry and an event loop. */
#include <criterion/criterion.h>

#include "discovery/sources.h"

enum { TTL_MS = 30000 };

TestSuite(sources, .timeout = 10);

static struct instance_list *list_of(const char *ids)
{
    struct instance_list *list = instance_list_new();
    for (const char *id = ids; *id; id++) {
        const struct instance instance = {.id = (char[]){*id, '\0'}, .address = "10.0.0.1", .zone = "", .version = "",
                                          .port = (uint16_t)(8000 + *id), .weight = 1, .warning_weight = 1};
        instance_list_add(list, &instance);
    }
    instance_list_finish(list);
    return list;
}

/* The list in use at this time: "abc?"; '?' marks a missing instance. */
static const char *known(struct sources *sources, int64_t now_ms)
{
    static char line[64];
    size_t len = 0;
    sources_refresh(sources, now_ms);
    const struct merged_list *merged = &sources->merged;
    for (size_t i = 0; merged->list && i < merged->list->count; i++) {
        line[len++] = merged->list->at[i].id[0];
        if (merged->missing && merged->missing[i])
            line[len++] = '?';
    }
    line[len] = '\0';
    return line;
}

static struct sources with_snapshot(const char *ids, int64_t confirmed_ms)
{
    struct sources sources = {.registry_count = 1, .ttl_ms = TTL_MS, .registries = {{.kind = "consul"}}};
    sources.disk.list = list_of(ids);
    sources.disk.confirmed_ms = confirmed_ms;
    return sources;
}

Test(sources, snapshot_never_replaces_newer_list)
{
    struct sources sources = with_snapshot("xyz", 900000);
    cr_expect_str_eq(known(&sources, 1000000), "xyz");
    cr_expect_str_eq(sources_name_in_use(&sources, 1000000), "disk");
    source_update(&sources.registries[0], list_of("abc"), 1, 1000000);
    cr_expect_str_eq(known(&sources, 1000000), "abc");
    cr_expect_str_eq(sources_name_in_use(&sources, 1000000), "consul");
    cr_expect_str_eq(known(&sources, 5000000), "abc"); /* stale, but still the newest list */
    cr_expect_str_eq(sources_name_in_use(&sources, 5000000), "cache");
    sources_close(&sources);
}

Test(sources, instances_of_old_snapshot_are_not_kept)
{
    struct sources sources = with_snapshot("xyz", 0);
    cr_expect_str_eq(known(&sources, 86400000), "xyz");
    source_update(&sources.registries[0], list_of("a"), 1, 86400000);
    cr_expect_str_eq(known(&sources, 86400000), "a");
    sources_close(&sources);
}

Test(sources, instances_of_recent_snapshot_are_kept_as_missing)
{
    struct sources sources = with_snapshot("xyz", 86390000);
    cr_expect_str_eq(known(&sources, 86400000), "xyz");
    source_update(&sources.registries[0], list_of("a"), 1, 86400000);
    cr_expect_str_eq(known(&sources, 86400000), "ax?y?z?");
    sources_close(&sources);
}
