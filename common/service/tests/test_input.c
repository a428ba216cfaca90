/* Which ids, texts and numbers are accepted in requests. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "service/input.h"

static bool is_id(const char *text)
{
    return input_is_id(text, strlen(text));
}

Test(input, id_is_1_to_19_digits_up_to_the_largest_bigint)
{
    cr_expect(is_id("1"));
    cr_expect(is_id("1000"));
    cr_expect(is_id("9223372036854775807"));
}

Test(input, other_text_is_not_an_id)
{
    static const char *const wrong[] = {"", "0", "01", "-1", "+1", " 1", "1 ", "1a", "1.0", "0x1", "9223372036854775808",
                                        "10000000000000000000", "99999999999999999999", "\xd9\xa1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(is_id(wrong[i]), "%s", wrong[i]);
    cr_expect_not(input_is_id("1\0", 2), "a NUL is not a digit");
}

static int object_status(const char *body)
{
    struct err err = ERR_INIT;
    json_t *object = NULL;
    int status = input_object(body, strlen(body), &object, &err);
    cr_expect_eq(status == 0, object != NULL);
    cr_expect_eq(status == 0, err.code == ERR_NONE);
    json_decref(object);
    return status;
}

Test(input, invalid_json_is_malformed)
{
    static const char *const malformed[] = {"", "{", "{}x", "{\"a\":1,}", "{'a':1}", "{\"a\":1,\"a\":2}", "nul",
                                            "{\"a\":\"\xff\"}", "{\"a\":\"\\ud800\"}", "{\"a\":01}"};
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        cr_expect_eq(object_status(malformed[i]), 400, "%s", malformed[i]);
}

Test(input, json_other_than_an_object_is_not_acceptable)
{
    static const char *const others[] = {"[]", "1", "\"x\"", "null", "{\"a\":\"\\u0000\"}"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect_eq(object_status(others[i]), 422, "%s", others[i]);
    cr_expect_eq(object_status(" {\"a\": 1} "), 0);
}

/* The status for member "m", a text of 1 to 3 characters. */
static int text_status(const char *value)
{
    char body[128];
    const char *text;
    struct err err = ERR_INIT;
    json_t *object = NULL;
    snprintf(body, sizeof body, "{\"m\":%s}", value);
    cr_assert_eq(input_object(body, strlen(body), &object, &err), 0, "%s: %s", value, err.text);
    int status = input_text(object, "m", 1, 3, &text, &err);
    cr_expect_eq(status == 0, err.code == ERR_NONE);
    json_decref(object);
    return status;
}

Test(input, text_is_counted_in_characters_not_bytes)
{
    cr_expect_eq(text_status("\"abc\""), 0);
    cr_expect_eq(text_status("\"\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97\""), 0, "three characters of three bytes each");
    cr_expect_eq(text_status("\"\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\""), 0, "three characters of four bytes each");
    cr_expect_eq(text_status("\"abcd\""), 422);
    cr_expect_eq(text_status("\"\""), 422);
}

Test(input, text_has_no_control_characters)
{
    static const char *const wrong[] = {"\"a\\n\"", "\"\\u0001\"", "\"\\u007f\"", "\"\\u0080\"", "\"a\\u009f\"",
                                        "\"\\u001f\""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(text_status(wrong[i]), 422, "%s", wrong[i]);
    cr_expect_eq(text_status("\"a\\u00a0\""), 0, "a no-break space is not a control character");
    cr_expect_eq(text_status("\"\\u0420\""), 0, "U+0420 has the byte A0, but is a letter");
}

Test(input, text_without_a_visible_character_is_rejected)
{
    static const char *const wrong[] = {" ", "   ", "\\u00a0", "\\u00ad", "\\u034f", "\\u061c", "\\u115f", "\\u1160",
        "\\u17b4", "\\u1680", "\\u180e", "\\u2000", "\\u200a", "\\u200b", "\\u200f", "\\u2028", "\\u2029", "\\u202a",
        "\\u202e", "\\u202f", "\\u205f", "\\u2060", "\\u2064", "\\u2066", "\\u206f", "\\u2800", "\\u3000", "\\u3164",
        "\\ufe00", "\\ufe0f", "\\ufeff", "\\uffa0", "\\ufff9", "\\ud834\\udd59", "\\udb40\\udc01", "\\udb40\\udc7f",
        "\\udb40\\udd00", " \\u200b\\ufeff"};
    static const char *const right[] = {"a", " a ", "\\u200ba", "a\\ufe0f", "\\u0301", "\\u4e66", "\\u3001", "\\u2027", "\\u2030",
        "\\u2801", "\\u3163", "\\u00a1", "\\ufffc", "\\ud83d\\ude00", "\\udb3f\\udfff", "-"};
    char quoted[64];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(quoted, sizeof quoted, "\"%s\"", wrong[i]);
        cr_expect_eq(text_status(quoted), 422, "%s", wrong[i]);
    }
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        snprintf(quoted, sizeof quoted, "\"%s\"", right[i]);
        cr_expect_eq(text_status(quoted), 0, "%s", right[i]);
    }
}

Test(input, member_that_is_not_a_text_is_rejected)
{
    static const char *const wrong[] = {"1", "null", "true", "[\"a\"]", "{}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(text_status(wrong[i]), 422, "%s", wrong[i]);
}

static int whole_status(const char *value)
{
    char body[128];
    int64_t number;
    struct err err = ERR_INIT;
    json_t *object = NULL;
    snprintf(body, sizeof body, "{\"m\":%s}", value);
    int status = input_object(body, strlen(body), &object, &err);
    if (status == 0)
        status = input_whole(object, "m", 1, 1000000, &number, &err);
    json_decref(object);
    return status;
}

Test(input, whole_number_has_no_fraction_and_is_in_range)
{
    static const char *const wrong[] = {"0", "-1", "1000001", "1.5", "2.0", "1e3", "\"2\"", "true", "null",
                                        "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(whole_status(wrong[i]), 422, "%s", wrong[i]);
    cr_expect_eq(whole_status("1"), 0);
    cr_expect_eq(whole_status("1000000"), 0);
}

Test(input, missing_member_is_named)
{
    struct err err = ERR_INIT;
    json_t *object = json_object();
    const char *id;
    cr_expect_eq(input_id(object, "user_id", &id, &err), 422);
    cr_expect(strstr(err.text, "user_id") == err.text, "%s", err.text);
    json_decref(object);
}
