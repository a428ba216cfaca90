/* Which instances a route admits, and which users call the canary. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "balance/route.h"

TestSuite(route, .timeout = 300);

enum { USERS = 10000 };

static struct instance make(const char *version, const char *tags)
{
    return (struct instance){.id = "a", .address = "10.0.0.1", .zone = "", .version = version, .tags = tags, .port = 1};
}

static struct route canary(const char *text)
{
    struct route route = {.version = NULL};
    cr_assert_eq(canary_parse(text, &route.canary), 0, "%s", text);
    return route;
}

/* --- Version and tags ------------------------------------------------------------------------ */

static void expect_reason(const struct route *route, struct instance instance, const char *reason)
{
    char text[200] = "admitted";
    if (!route_admits(route, &instance))
        route_reason(route, &instance, text, sizeof text);
    cr_expect_str_eq(text, reason);
}

Test(route, only_the_wanted_version_is_admitted)
{
    const struct route any = {.version = ""}, route = {.version = "2.0.0"};
    expect_reason(&any, make("1.0.0", ""), "admitted");
    expect_reason(&route, make("2.0.0", ""), "admitted");
    expect_reason(&route, make("2.0", ""), "version is 2.0, and USER_SERVICE_VERSION is 2.0.0");
    expect_reason(&route, make("", ""), "it has no version, and USER_SERVICE_VERSION is 2.0.0");
}

Test(route, instance_needs_all_tags)
{
    const struct route route = {.tags = " v1, ssd,"};
    expect_reason(&route, make("", "ssd,v1"), "admitted");
    expect_reason(&route, make("", "a,v1 , ssd"), "admitted");
    expect_reason(&route, make("", "v1"), "it lacks the tag ssd of USER_SERVICE_TAGS");
    expect_reason(&route, make("", "v11,ssd"), "it lacks the tag v1 of USER_SERVICE_TAGS");
    expect_reason(&route, make("", "v,ssd"), "it lacks the tag v1 of USER_SERVICE_TAGS");
    expect_reason(&route, make("", ""), "it lacks the tag v1 of USER_SERVICE_TAGS");
}

static void expect_excluded(const struct route *route, const char *version, const char *why)
{
    struct err err = ERR_INIT;
    struct instance instance = make(version, "c");
    struct instance_list *list = instance_list_new();
    cr_expect_not(route_excludes_all(route, list, &err), "an empty list");
    instance_list_add(list, &instance);
    instance_list_finish(list);
    cr_expect_eq(route_excludes_all(route, list, &err), *why != '\0', "%s", why);
    cr_expect_str_eq(err.text, why);
    instance_list_unref(list);
}

Test(route, that_excludes_all_says_why)
{
    expect_excluded(&(struct route){.version = "2"}, "2", "");
    expect_excluded(&(struct route){.version = "2"}, "1", "none has version 2 (USER_SERVICE_VERSION)");
    expect_excluded(&(struct route){.tags = "a,b"}, "1", "none has the tags a,b (USER_SERVICE_TAGS)");
    expect_excluded(&(struct route){.version = "2", .tags = "a"}, "2",
                    "none has version 2 (USER_SERVICE_VERSION) and the tags a (USER_SERVICE_TAGS)");
}

/* --- The setting ----------------------------------------------------------------------------- */

Test(route, canary_is_a_version_or_a_tag_and_a_share)
{
    static const char *const good[] = {"", "version=2.0.0:10%", "tag=canary:0%", "version=a:b:100%", "version= :1%"};
    static const char *const bad[] = {"version=2.0.0", "version=2.0.0:10", "version=:10%", "2.0.0:10%", "tag=c:101%",
                                      "tag=c:-1%", "tag=c:%", "tag=c:1.5%", "tag=c:10%%", "zone=c:10%", "version=2",
                                      "tag=c:0100%", "version=2.0.0:10 %", "version:10%", "tag=c: 1%",
                                      "tag=a,b:10%"};
    char again[200];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct route route = canary(good[i]);
        canary_text(&route.canary, again, sizeof again);
        cr_expect_str_eq(again, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct canary unchanged = {.percent = 7};
        cr_expect_eq(canary_parse(bad[i], &unchanged), -1, "%s", bad[i]);
        cr_expect_eq(unchanged.percent, 7);
    }
}

Test(route, canary_of_a_too_long_version_is_refused)
{
    char text[CANARY_VALUE_MAX + 30];
    struct canary parsed;
    snprintf(text, sizeof text, "version=%0*d:10%%", CANARY_VALUE_MAX, 0);
    cr_expect_eq(canary_parse(text, &parsed), 0);
    snprintf(text, sizeof text, "version=%0*d:10%%", CANARY_VALUE_MAX + 1, 0);
    cr_expect_eq(canary_parse(text, &parsed), -1);
}

/* --- Sides ------------------------------------------------------------------------------------ */

Test(route, instance_of_the_version_or_tag_is_the_canary)
{
    const struct instance old = make("1.0.0", "v1,canary2"), new = make("2.0.0", "v1,canary");
    const struct route by_version = canary("version=2.0.0:10%"), by_tag = canary("tag=canary:10%"), none = canary("");
    cr_expect_eq(route_side_of(&by_version, &old), ROUTE_STABLE);
    cr_expect_eq(route_side_of(&by_version, &new), ROUTE_CANARY);
    cr_expect_eq(route_side_of(&by_tag, &old), ROUTE_STABLE);
    cr_expect_eq(route_side_of(&by_tag, &new), ROUTE_CANARY);
    cr_expect_eq(route_side_of(&none, &new), ROUTE_STABLE);
}

static bool is_canary_user(const struct route *route, int user)
{
    char key[16];
    snprintf(key, sizeof key, "%d", user);
    return route_side_for(route, key) == ROUTE_CANARY;
}

/* The standard deviation of the share is at most 0.5 %. */
Test(route, share_of_the_users_is_the_percentage)
{
    for (int percent = 0; percent <= 100; percent += 10) {
        char text[32];
        int users = 0;
        snprintf(text, sizeof text, "version=2:%d%%", percent);
        struct route route = canary(text);
        for (int user = 1; user <= USERS; user++)
            users += is_canary_user(&route, user);
        cr_expect(users >= (percent - 2) * USERS / 100 && users <= (percent + 2) * USERS / 100, "%d%%: %d of %d",
                  percent, users, USERS);
        cr_expect(percent % 100 != 0 || users == percent * USERS / 100, "%d%%: %d", percent, users);
    }
}

/* No user changes back: each sees the new version once, and keeps it. */
Test(route, larger_share_only_adds_users)
{
    struct route route = canary("version=2:0%");
    for (int user = 1; user <= USERS / 10; user++) {
        bool was_canary = false;
        for (route.canary.percent = 0; route.canary.percent <= 100; route.canary.percent++) {
            bool is_canary = is_canary_user(&route, user);
            cr_expect(is_canary || !was_canary, "user %d leaves at %d%%", user, route.canary.percent);
            was_canary = is_canary;
        }
        cr_expect(was_canary);
    }
}
