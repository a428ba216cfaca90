#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net/json.h"

TestSuite(json, .init = json_init, .timeout = 20);

static enum err_code parse(const char *text, size_t len)
{
    struct err err = ERR_INIT;
    json_t *tree = json_parse_new(text, len, &err);
    cr_expect_eq(tree == NULL, err.code != ERR_NONE);
    json_decref(tree);
    return err.code;
}

#define EXPECT_PARSES(text) cr_expect_eq(parse(text, strlen(text)), ERR_NONE, "%s", text)
#define EXPECT_REFUSES(text) cr_expect_eq(parse(text, sizeof(text) - 1), ERR_INVALID, "%s", text)

Test(json, any_one_value_is_json)
{
    EXPECT_PARSES("{}");
    EXPECT_PARSES(" [1, 2.5e3, true, null] \n");
    EXPECT_PARSES("\"caf\xc3\xa9\"");
    EXPECT_PARSES("7");
}

Test(json, what_is_not_strict_is_refused)
{
    EXPECT_REFUSES("");
    EXPECT_REFUSES("{} {}");
    EXPECT_REFUSES("{}x");
    EXPECT_REFUSES("{\"a\":1,\"a\":2}");
    EXPECT_REFUSES("{'a':1}");
    EXPECT_REFUSES("[1,]");
    EXPECT_REFUSES("[01]");
    EXPECT_REFUSES("NaN");
    EXPECT_REFUSES("\"\xff\"");
    EXPECT_REFUSES("\"\xc0\xaf\"");
    EXPECT_REFUSES("\"\\ud800\"");
    EXPECT_REFUSES("\xef\xbb\xbf{}");
    EXPECT_REFUSES("{}\0");
    EXPECT_REFUSES("\"a\0b\"");
    EXPECT_REFUSES("\"a\nb\"");
}

Test(json, well_formed_values_that_we_cannot_hold_are_told_apart)
{
    const char *const texts[] = {"[99999999999999999999]", "[1e999]", "[\"a\\u0000b\"]", "{\"\\u0000\":1}"};
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(parse(texts[i], strlen(texts[i])), ERR_TOO_LARGE, "%s", texts[i]);
}

Test(json, an_error_says_where)
{
    struct err err = ERR_INIT;
    cr_expect_null(json_parse_new("{\n  \"a\": x}", 11, &err));
    cr_expect_not_null(strstr(err.text, "line 2, column 8"), "%s", err.text);
}

/* depth times "[", then "]". */
static char *nested(size_t depth)
{
    char *text = malloc(2 * depth + 1);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
    return text;
}

static enum err_code parse_nested(size_t depth)
{
    char *text = nested(depth);
    enum err_code code = parse(text, 2 * depth);
    free(text);
    return code;
}

Test(json, nesting_is_refused_over_64_however_deep_it_goes)
{
    cr_expect_eq(parse_nested(64), ERR_NONE);
    cr_expect_eq(parse_nested(65), ERR_INVALID);
    cr_expect_eq(parse_nested(1000000), ERR_INVALID);
}

Test(json, brackets_side_by_side_or_in_strings_are_not_nesting)
{
    char text[1024] = "[";
    for (int i = 0; i < 100; i++)
        strcat(text, "[],");
    strcat(text, "\"\\\"");
    memset(text + strlen(text), '[', 100);
    strcat(text, "\"]");
    EXPECT_PARSES(text);
}

Test(json, only_a_strict_object_counts_as_one)
{
    cr_expect(json_is_object_text("{\"id\":\"1\"}", 10));
    cr_expect_not(json_is_object_text("[1]", 3));
    cr_expect_not(json_is_object_text("7", 1));
    cr_expect_not(json_is_object_text("", 0));
    cr_expect_not(json_is_object_text("{\"a\":1,\"a\":1}", 13));
    cr_expect_not(json_is_object_text("{} ,", 4));
    char *deep = nested(70);
    cr_expect_not(json_is_object_text(deep, 140));
    free(deep);
}

static void expect_string(const char *text, size_t len, const char *expected)
{
    struct buf out = BUF_INIT(1000);
    char *exact = malloc(len + !len); /* a byte read too far is seen by the sanitizer */
    memcpy(exact, text, len);
    cr_expect(json_add_string(&out, exact, len));
    free(exact);
    cr_expect_str_eq(buf_text(&out), expected);
    json_t *tree = json_loadb(out.data, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    cr_expect(json_is_string(tree));
    json_decref(tree);
    buf_close(&out);
}

Test(json, a_string_is_written_so_that_it_is_always_json)
{
    expect_string("", 0, "\"\"");
    expect_string("plain", 5, "\"plain\"");
    expect_string("a\"b\\c", 5, "\"a\\\"b\\\\c\"");
    expect_string("\n\x1f\0", 3, "\"\\u000a\\u001f\\u0000\"");
    expect_string("caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80", 14, "\"caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80\"");
}

Test(json, bytes_that_are_no_utf8_are_replaced_one_by_one)
{
#define LOST "\xef\xbf\xbd"
    expect_string("\xff", 1, "\"" LOST "\"");
    expect_string("a\x80z", 3, "\"a" LOST "z\"");
    expect_string("\xe4\xb8", 2, "\"" LOST LOST "\"");         /* cut short */
    expect_string("\xc0\xaf", 2, "\"" LOST LOST "\"");         /* overlong */
    expect_string("\xe0\x80\xaf", 3, "\"" LOST LOST LOST "\""); /* overlong */
    expect_string("\xed\xa0\x80", 3, "\"" LOST LOST LOST "\""); /* surrogate */
    expect_string("\xf4\x90\x80\x80", 4, "\"" LOST LOST LOST LOST "\"");
}

Test(json, a_string_that_does_not_fit_leaves_the_buffer_as_it_was)
{
    struct buf out = BUF_INIT(10);
    buf_adds(&out, "[");
    cr_expect_not(json_add_string(&out, "12345678", 8));
    cr_expect_str_eq(buf_text(&out), "[");
    cr_expect(json_add_string(&out, "1234567", 7));
    buf_close(&out);
}

Test(json, our_own_trees_become_compact_text)
{
    json_t *tree = json_pack("{s:s, s:[i, n]}", "id", "7", "list", 1);
    size_t len;
    char *text = json_text_new(tree, &len);
    cr_expect_str_eq(text, "{\"id\":\"7\",\"list\":[1,null]}");
    cr_expect_eq(len, strlen(text));
    free(text);
    json_decref(tree);
}
