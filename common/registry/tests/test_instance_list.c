/* instance_list.c: what a list keeps, its order, and what is found in it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "registry/instance_list.h"

TestSuite(instance_list, .timeout = 300);

static struct instance make(const char *id)
{
    return (struct instance){.id = id, .address = "10.0.0.1", .zone = "", .version = "1.0", .port = 8001, .weight = 1,
                             .warning_weight = 1};
}

static struct instance_list *list_of(const char *const ids[])
{
    struct instance_list *list = instance_list_new();
    for (; *ids; ids++) {
        struct instance instance = make(*ids);
        cr_assert(instance_list_add(list, &instance));
    }
    instance_list_finish(list);
    return list;
}

Test(instance_list, list_is_sorted_bytewise_by_id)
{
    struct instance_list *list = list_of((const char *[]){"u-2", "u-10", "U-3", "u-1", NULL});
    cr_assert_eq(list->count, 4);
    cr_expect_str_eq(list->at[0].id, "U-3");
    cr_expect_str_eq(list->at[1].id, "u-1");
    cr_expect_str_eq(list->at[2].id, "u-10");
    cr_expect_str_eq(list->at[3].id, "u-2");
    instance_list_unref(list);
}

Test(instance_list, list_keeps_copies_of_its_text)
{
    char id[] = "u-1", address[] = "10.0.0.7", zone[] = "a";
    struct instance instance = make(id);
    instance.address = address;
    instance.zone = zone;
    struct instance_list *list = instance_list_new();
    cr_assert(instance_list_add(list, &instance));
    id[0] = address[0] = zone[0] = '?';
    instance_list_finish(list);

    const struct instance *found = instance_list_find(list, "u-1");
    cr_assert_not_null(found);
    cr_expect_str_eq(found->address, "10.0.0.7");
    cr_expect_str_eq(found->zone, "a");
    instance_list_unref(list);
}

Test(instance_list, first_of_several_equal_entries_stays)
{
    struct instance_list *list = instance_list_new();
    struct instance twin = make("u-1");
    for (int port = 1; port <= 20; port++) {
        twin.port = (uint16_t)port;
        cr_assert(instance_list_add(list, &twin));
    }
    instance_list_finish(list);
    cr_expect_eq(list->count, 1);
    cr_expect_eq(list->at[0].port, 1);
    cr_expect_eq(list->dropped, 19);
    cr_expect_str_eq(list->dropped_why, "u-1: another entry has the same id and node");
    instance_list_unref(list);
}

/* The ports of the entries that stay: "1 2". */
static const char *ports_that_stay(const struct instance *entries, size_t count)
{
    static char text[64];
    struct instance_list *list = instance_list_new();
    for (size_t i = 0; i < count; i++)
        cr_assert(instance_list_add(list, &entries[i]));
    instance_list_finish(list);
    text[0] = '\0';
    for (size_t i = 0; i < list->count; i++)
        sprintf(text + strlen(text), "%s%u", i ? " " : "", list->at[i].port);
    instance_list_unref(list);
    return text;
}

#define EXPECT_STAYS(ports, ...)                                                                                 \
    do {                                                                                                         \
        const struct instance entries_[] = {__VA_ARGS__};                                                        \
        cr_expect_str_eq(ports_that_stay(entries_, sizeof entries_ / sizeof *entries_), ports);                  \
    } while (0)

#define ENTRY(the_port, ...) {.id = "u", .address = "10.0.0.1", .zone = "", .version = "", .port = (the_port), __VA_ARGS__}

Test(instance_list, one_id_at_two_nodes_is_two_instances)
{
    EXPECT_STAYS("2 1 3", ENTRY(1, .node = "m"), ENTRY(2, .node = "a", .node_down = true), ENTRY(3, .node = "z"));
}

Test(instance_list, of_equal_entries_the_better_status_stays)
{
    EXPECT_STAYS("2", ENTRY(1, .status = INSTANCE_CRITICAL, .change = 9), ENTRY(2, .change = 1));
    EXPECT_STAYS("1", ENTRY(1, .status = INSTANCE_WARNING), ENTRY(2, .status = INSTANCE_CRITICAL, .change = 9));
    EXPECT_STAYS("2", ENTRY(1, .node_down = true), ENTRY(2, .status = INSTANCE_WARNING));
    EXPECT_STAYS("2", ENTRY(1, .maintenance = true), ENTRY(2, .change = 0));
}

Test(instance_list, of_equal_entries_the_later_change_stays)
{
    EXPECT_STAYS("2", ENTRY(1, .change = 7), ENTRY(2, .change = 8), ENTRY(3, .change = 6));
    EXPECT_STAYS("2", ENTRY(1, .node = "n"), ENTRY(2, .node = "n", .change = 1));
}

/* An instance that registers at another agent keeps its address: it must not get the calls of two. */
Test(instance_list, one_address_at_two_nodes_is_one_instance)
{
    EXPECT_STAYS("1", ENTRY(1, .node = "a"), ENTRY(1, .node = "b"), ENTRY(1, .node = "c", .node_down = true));
    EXPECT_STAYS("1 2", ENTRY(2, .node = "b"), ENTRY(1, .node = "a"), ENTRY(1, .node = "c"));
}

Test(instance_list, every_entry_is_found_by_its_id)
{
    enum { MANY = 5000 };
    struct instance_list *list = instance_list_new();
    char id[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "u-%d", i * 7919 % MANY);
        struct instance instance = make(id);
        cr_assert(instance_list_add(list, &instance));
    }
    instance_list_finish(list);
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "u-%d", i);
        cr_assert_not_null(instance_list_find(list, id), "%s", id);
    }
    cr_expect_null(instance_list_find(list, "u-"));
    cr_expect_null(instance_list_find(list, "v"));
    instance_list_unref(list);
}

Test(instance_list, empty_list_finds_nothing)
{
    struct instance_list *list = list_of((const char *[]){NULL});
    cr_expect_eq(list->count, 0);
    cr_expect_null(instance_list_find(list, "u-1"));
    instance_list_unref(list);
}

Test(instance_list, last_reference_frees_the_list)
{
    struct instance_list *list = list_of((const char *[]){"u-1", NULL});
    cr_expect_eq(instance_list_ref(list), list);
    instance_list_unref(list);
    cr_expect_str_eq(list->at[0].id, "u-1");
    instance_list_unref(list);
    instance_list_unref(NULL);
    cr_expect_null(instance_list_ref(NULL));
}

Test(instance_list, unusable_entry_is_dropped_and_counted)
{
    struct instance_list *list = instance_list_new();
    struct instance broken = make("u\n1"), no_port = make("u-2"), good = make("u-3");
    no_port.port = 0;
    cr_assert(instance_list_add(list, &broken));
    cr_assert(instance_list_add(list, &no_port));
    cr_assert(instance_list_add(list, &good));
    instance_list_finish(list);
    cr_expect_eq(list->count, 1);
    cr_expect_eq(list->dropped, 2);
    cr_expect_str_eq(list->dropped_why, "u?1: the id is longer than 255 characters or not printable");
    instance_list_unref(list);
}

/* --- Equal lists -------------------------------------------------------------------------- */

static bool equal_after(void (*change)(struct instance *instance))
{
    struct instance instance = make("u-1");
    struct instance_list *a = list_of((const char *[]){"u-1", NULL}), *b = instance_list_new();
    change(&instance);
    cr_assert(instance_list_add(b, &instance));
    instance_list_finish(b);
    bool same = instance_list_equal(a, b);
    instance_list_unref(a);
    instance_list_unref(b);
    return same;
}

static void no_change(struct instance *instance)
{
    (void)instance;
}

static void other_address(struct instance *instance)
{
    instance->address = "10.0.0.2";
}

static void other_zone(struct instance *instance)
{
    instance->zone = "b";
}

static void other_tags(struct instance *instance)
{
    instance->tags = "v1";
}

static void other_status(struct instance *instance)
{
    instance->status = INSTANCE_WARNING;
}

static void other_weight(struct instance *instance)
{
    instance->warning_weight = 2;
}

static void in_maintenance(struct instance *instance)
{
    instance->maintenance = true;
}

Test(instance_list, lists_are_equal_when_every_field_is_equal)
{
    cr_expect(equal_after(no_change));
    cr_expect_not(equal_after(other_address));
    cr_expect_not(equal_after(other_zone));
    cr_expect_not(equal_after(other_tags));
    cr_expect_not(equal_after(other_status));
    cr_expect_not(equal_after(other_weight));
    cr_expect_not(equal_after(in_maintenance));

    struct instance_list *one = list_of((const char *[]){"u-1", NULL});
    struct instance_list *two = list_of((const char *[]){"u-1", "u-2", NULL});
    cr_expect_not(instance_list_equal(one, two));
    instance_list_drop(one, "u-9", "no port"); /* dropped entries do not count */
    struct instance_list *same = list_of((const char *[]){"u-1", NULL});
    cr_expect(instance_list_equal(one, same));
    instance_list_unref(one);
    instance_list_unref(two);
    instance_list_unref(same);
}
