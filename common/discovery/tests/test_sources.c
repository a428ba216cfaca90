/* Which of all that is known is used: lists and a clock, no registry, no loop. */
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

/* The list in use at this time: "abc?", a '?' behind those that are missing. */
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

static struct sources with_disk(const char *ids, int64_t confirmed_ms)
{
    struct sources sources = {.registry_count = 1, .ttl_ms = TTL_MS, .registries = {{.kind = "consul"}}};
    sources.disk.list = list_of(ids);
    sources.disk.confirmed_ms = confirmed_ms;
    return sources;
}

Test(sources, the_list_on_disk_never_takes_the_place_of_a_newer_one)
{
    struct sources sources = with_disk("xyz", 900000);
    cr_expect_str_eq(known(&sources, 1000000), "xyz");
    cr_expect_str_eq(sources_name_in_use(&sources, 1000000), "disk");
    source_update(&sources.registries[0], list_of("abc"), 1, 1000000);
    cr_expect_str_eq(known(&sources, 1000000), "abc");
    cr_expect_str_eq(sources_name_in_use(&sources, 1000000), "consul");
    cr_expect_str_eq(known(&sources, 5000000), "abc"); /* stale, and still the newest */
    cr_expect_str_eq(sources_name_in_use(&sources, 5000000), "cache");
    sources_close(&sources);
}

Test(sources, yesterdays_instances_are_not_missed)
{
    struct sources sources = with_disk("xyz", 0);
    cr_expect_str_eq(known(&sources, 86400000), "xyz");
    source_update(&sources.registries[0], list_of("a"), 1, 86400000);
    cr_expect_str_eq(known(&sources, 86400000), "a");
    sources_close(&sources);
}

Test(sources, those_of_a_moment_ago_are)
{
    struct sources sources = with_disk("xyz", 86390000);
    cr_expect_str_eq(known(&sources, 86400000), "xyz");
    source_update(&sources.registries[0], list_of("a"), 1, 86400000);
    cr_expect_str_eq(known(&sources, 86400000), "ax?y?z?");
    sources_close(&sources);
}
