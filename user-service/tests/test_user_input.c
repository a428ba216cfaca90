/* The program's own files are in no library, so this test includes its subject. */
#include "../user_input.c"

#include <criterion/criterion.h>
#include <stdio.h>

static int status_for(const char *name, const char *email)
{
    json_t *object = json_pack("{s:s?, s:s?}", "name", name, "email", email);
    struct user_input input;
    struct err err = ERR_INIT;
    int status = user_input_read(object, &input, &err);
    cr_expect_eq(status == 0, err.code == ERR_NONE);
    json_decref(object);
    return status;
}

static const char *repeat(const char *unit, int times, const char *end)
{
    static char text[4096];
    size_t len = 0;
    for (int i = 0; i < times; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s", unit);
    snprintf(text + len, sizeof text - len, "%s", end);
    return text;
}

Test(user_input, name_has_1_to_100_characters_of_any_byte_length)
{
    cr_expect_eq(status_for("A", "a@b"), 0);
    cr_expect_eq(status_for(repeat("x", 100, ""), "a@b"), 0);
    cr_expect_eq(status_for(repeat("\xf0\x9f\x98\x80", 100, ""), "a@b"), 0);
    cr_expect_eq(status_for(repeat("x", 101, ""), "a@b"), 422);
    cr_expect_eq(status_for("", "a@b"), 422);
    cr_expect_eq(status_for(NULL, "a@b"), 422);
}

Test(user_input, email_has_3_to_254_characters)
{
    cr_expect_eq(status_for("A", "a@b"), 0);
    cr_expect_eq(status_for("A", repeat("x", 252, "@b")), 0);
    cr_expect_eq(status_for("A", repeat("x", 253, "@b")), 422);
    cr_expect_eq(status_for("A", "@b"), 422);
    cr_expect_eq(status_for("A", NULL), 422);
}

Test(user_input, email_has_one_at_with_text_on_both_sides)
{
    static const char *const wrong[] = {"abc", "@bc", "ab@", "a@b@c", "a@@b", "a@b\n", "a\x7f@b",
                                        " @b", "a@ ", "\xe2\x80\x8b@\xe2\x80\x8b", " a@b", "a@b ", "a@b\xc2\xa0"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(status_for("A", wrong[i]), 422, "%s", wrong[i]);
    cr_expect_eq(status_for("A", "\xe4\xbd\xa0@\xe4\xbe\x8b.cn"), 0);
}
