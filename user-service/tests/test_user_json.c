/* The program's own files are in no library, so this test includes its subject. */
#include "../user_json.c"

#include <criterion/criterion.h>

static bool is_user(const char *text, size_t len, const char *id)
{
    struct buf json = BUF_INIT(8192);
    buf_add(&json, text, len);
    bool is = user_json_is(&json, id);
    buf_close(&json);
    return is;
}

static bool is_user_8(const char *text)
{
    return is_user(text, strlen(text), "8");
}

#define USER_8 "{\"id\":\"8\",\"name\":\"User8\",\"email\":\"user8@example.com\"}"

Test(user_json, what_is_written_is_recognised)
{
    static const char *const names[] = {"A",  "\"\\\"", "/", "\xc3\xa9l\xc3\xa8ve", "\xf0\x9f\x98\x80", "\xc2\xa0 A ",
                                        "{}", "\xcc\x81"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buf json = BUF_INIT(8192);
        cr_assert(user_json_add(&json, "8", names[i], "a@b"));
        cr_expect(user_json_is(&json, "8"), "%s", buf_text(&json));
        cr_expect_not(user_json_is(&json, "80"));
        buf_close(&json);
    }
}

Test(user_json, lengths_and_characters_are_those_of_post)
{
    char name[102], email[256];
    memset(name, 'n', sizeof name);
    memset(email, 'e', sizeof email);
    email[1] = '@';
    for (size_t longer = 0; longer < 2; longer++) {
        struct buf first = BUF_INIT(8192), second = BUF_INIT(8192);
        name[100 + longer] = email[254 + longer] = '\0';
        user_json_add(&first, "8", name, "a@b");
        user_json_add(&second, "8", "n", email);
        cr_expect_eq(user_json_is(&first, "8"), longer == 0);
        cr_expect_eq(user_json_is(&second, "8"), longer == 0);
        buf_close(&first);
        buf_close(&second);
        name[100] = 'n';
        email[254] = 'e';
    }
}

Test(user_json, blank_texts_are_refused_as_in_post)
{
    static const char *const wrong[][2] = {
        {"   ", "a@b"}, {"\xc2\xa0", "a@b"}, {"\xe2\x80\x8b\xef\xb8\x8f", "a@b"},
        {"n", " @b"},   {"n", " a@b"},       {"n", "\xe2\x80\x8bz@b"},
        {"n", "a@ "},   {"n", "a@b "},       {"n", "a@b\xe3\x85\xa4"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct buf json = BUF_INIT(8192);
        cr_assert(user_json_add(&json, "8", wrong[i][0], wrong[i][1]));
        cr_expect_not(user_json_is(&json, "8"), "%s", buf_text(&json));
        buf_close(&json);
    }
}

Test(user_json, any_other_text_is_refused)
{
    static const char *const wrong[] = {
        "", "{", "{}", "null", "garbage", "{\"id\":\"8\",garbage}", "{\"id\":\"8\"}",
        "{\"id\":8,\"name\":\"User8\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"9\",\"name\":\"User8\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"email\":\"user8@example.com\",\"name\":\"User8\"}",
        "{\"id\":\"8\",\"name\":\"User8\",\"email\":\"user8@example.com\",\"password\":\"x\"}",
        "{\"id\":\"8\",\"name\":\"User8\",\"email\":\"user8@example.com\",\"id\":\"9\"}",
        "{\"id\":\"8\",\"name\":\"User8\",\"name\":\"User8\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"name\":null,\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"name\":\"User8\",\"email\":5}",
        "{\"id\":\"8\",\"name\":\"\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"name\":\"User8\",\"email\":\"user8\"}",
        "{\"id\":\"8\",\"name\":\"User8\",\"email\":\"@b\"}",
        "{\"id\":\"8\",\"name\":\"User8\",\"email\":\"a@\"}",
        "{\"id\":\"8\",\"name\":\"User8\",\"email\":\"a@b@c\"}",
        "{\"id\":\"8\",\"name\":\"a\nb\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"name\":\"a\x7f\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"name\":\"a\xc2\x80\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"name\":\"a\xff\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"name\":\"a\xed\xa0\x80\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"name\":\"a\\u0041\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"name\":\"a\\x\",\"email\":\"user8@example.com\"}",
        "{\"id\":\"8\",\"name\":\"a\\",
        "{\"id\": \"8\",\"name\":\"User8\",\"email\":\"user8@example.com\"}",
        " " USER_8, USER_8 " ", USER_8 "\n", USER_8 USER_8, "[" USER_8 "]",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(is_user_8(wrong[i]), "%s", wrong[i]);
    cr_expect_not(is_user(USER_8, sizeof USER_8, "8"), "a zero byte follows");
}

Test(user_json, every_cut_text_is_refused)
{
    for (size_t len = 0; len < sizeof USER_8 - 1; len++)
        cr_expect_not(is_user(USER_8, len, "8"), "%zu", len);
    cr_expect(is_user_8(USER_8));
}
