/* Which values may be passed on: w3.org, "Trace Context" (level 1), 3.2 and 3.3. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "net/trace_context.h"

TestSuite(trace_context, .timeout = 300);

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

Test(trace_context, parent_is_passed_on_unchanged)
{
    static const char *const valid[] = {"00-" ID "-" PARENT "-01", "00-" ID "-" PARENT "-00", "00-" ID "-" PARENT "-ff"};
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
        struct trace_context trace = {.request_id = ""};
        char id[TRACE_ID_SIZE];
        cr_expect(trace_set_parent(&trace, valid[i]), "%s", valid[i]);
        cr_expect_str_eq(trace.parent, valid[i]);
        trace_id(&trace, id);
        cr_expect_str_eq(id, ID);
    }
}

Test(trace_context, parent_of_a_later_version_becomes_version_00)
{
    static const char *const pairs[][2] = {
        {"01-" ID "-" PARENT "-01", "00-" ID "-" PARENT "-01"},
        {"cc-" ID "-" PARENT "-0a-what-comes-later", "00-" ID "-" PARENT "-00"},
        {"fe-" ID "-" PARENT "-0b-", "00-" ID "-" PARENT "-01"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct trace_context trace = {.request_id = ""};
        cr_expect(trace_set_parent(&trace, pairs[i][0]), "%s", pairs[i][0]);
        cr_expect_str_eq(trace.parent, pairs[i][1]);
    }
}

Test(trace_context, malformed_parent_is_ignored)
{
    static const char *const wrong[] = {
        "", "00", "00-" ID "-" PARENT, "00-" ID "-" PARENT "-0", "00-" ID "-" PARENT "-01-more",
        "00-" ID "-" PARENT "-01 ",
        "00-" ID "-" PARENT "-011", "01-" ID "-" PARENT "-011", "ff-" ID "-" PARENT "-01", "0-" ID "-" PARENT "-01",
        "00-00000000000000000000000000000000-" PARENT "-01", "00-" ID "-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01", "00-" ID "_" PARENT "-01", "0x-" ID "-" PARENT "-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-" PARENT "-01", "00-" ID "-" PARENT "-0g",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct trace_context trace = {.parent = "before"};
        char id[TRACE_ID_SIZE];
        cr_expect_not(trace_set_parent(&trace, wrong[i]), "%s", wrong[i]);
        cr_expect_str_eq(trace.parent, "");
        trace_id(&trace, id);
        cr_expect_str_eq(id, "");
    }
}

Test(trace_context, several_states_are_joined)
{
    struct trace_context trace = {.request_id = ""};
    cr_expect(trace_add_state(&trace, "congo=t61rcWkgMzE"));
    cr_expect(trace_add_state(&trace, ""));
    cr_expect(trace_add_state(&trace, "rojo=1,b=2"));
    cr_expect_str_eq(trace.state, "congo=t61rcWkgMzE,rojo=1,b=2");
}

Test(trace_context, state_is_passed_on_whole_or_not_at_all)
{
    char longest[514];
    memset(longest, 'x', sizeof longest);
    for (size_t len = 512; len <= 513; len++) {
        struct trace_context trace = {.request_id = ""};
        longest[len] = '\0';
        cr_expect_eq(trace_add_state(&trace, longest), len == 512);
        cr_expect_eq(strlen(trace.state), len == 512 ? 512 : 0);
        longest[len] = 'x';
    }
    struct trace_context trace = {.state = "a=1"};
    cr_expect_not(trace_add_state(&trace, "b=\x01"));
    cr_expect_str_eq(trace.state, "");
}
