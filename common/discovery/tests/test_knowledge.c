/* Which of all that is known is used: lists and a clock, no registry, no loop. */
#include <criterion/criterion.h>

#include "discovery/knowledge.h"

enum { TTL_MS = 30000 };

TestSuite(knowledge, .timeout = 10);

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
static const char *known(struct knowledge *knowledge, int64_t now_ms)
{
    static char line[64];
    size_t len = 0;
    knowledge_settle(knowledge, now_ms);
    const struct roster *roster = &knowledge->roster;
    for (size_t i = 0; roster->list && i < roster->list->count; i++) {
        line[len++] = roster->list->at[i].id[0];
        if (roster->missing && roster->missing[i])
            line[len++] = '?';
    }
    line[len] = '\0';
    return line;
}

static struct knowledge with_disk(const char *ids, int64_t confirmed_ms)
{
    struct knowledge knowledge = {.registry_count = 1, .ttl_ms = TTL_MS, .registries = {{.kind = "consul"}}};
    knowledge.disk.list = list_of(ids);
    knowledge.disk.confirmed_ms = confirmed_ms;
    return knowledge;
}

Test(knowledge, the_list_on_disk_never_takes_the_place_of_a_newer_one)
{
    struct knowledge knowledge = with_disk("xyz", 900000);
    cr_expect_str_eq(known(&knowledge, 1000000), "xyz");
    cr_expect_str_eq(knowledge_source(&knowledge, 1000000), "disk");
    knowledge_answer(&knowledge.registries[0], list_of("abc"), 1, 1000000);
    cr_expect_str_eq(known(&knowledge, 1000000), "abc");
    cr_expect_str_eq(knowledge_source(&knowledge, 1000000), "consul");
    cr_expect_str_eq(known(&knowledge, 5000000), "abc"); /* stale, and still the newest */
    cr_expect_str_eq(knowledge_source(&knowledge, 5000000), "cache");
    knowledge_close(&knowledge);
}

Test(knowledge, yesterdays_instances_are_not_missed)
{
    struct knowledge knowledge = with_disk("xyz", 0);
    cr_expect_str_eq(known(&knowledge, 86400000), "xyz");
    knowledge_answer(&knowledge.registries[0], list_of("a"), 1, 86400000);
    cr_expect_str_eq(known(&knowledge, 86400000), "a");
    knowledge_close(&knowledge);
}

Test(knowledge, those_of_a_moment_ago_are)
{
    struct knowledge knowledge = with_disk("xyz", 86390000);
    cr_expect_str_eq(known(&knowledge, 86400000), "xyz");
    knowledge_answer(&knowledge.registries[0], list_of("a"), 1, 86400000);
    cr_expect_str_eq(known(&knowledge, 86400000), "ax?y?z?");
    knowledge_close(&knowledge);
}
