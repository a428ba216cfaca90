#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "net/json.h"
#include "net/json_scan.h"

TestSuite(json, .init = json_init, .timeout = 300);

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

/* What json_parse_new makes of it decides; of a copy, whose end the sanitizer sees. */
static void expect_agreement(const char *text, size_t len)
{
    struct err err = ERR_INIT;
    char *exact = malloc(len + !len);
    memcpy(exact, text, len);
    json_t *tree = json_parse_new(exact, len, &err);
    bool is_object = json_is_object(tree);
    json_decref(tree);
    cr_expect_eq(json_is_object_text(exact, len), is_object, "%.*s", (int)len, text);
    cr_expect(is_object || !json_scan_is_object(exact, len), "%.*s", (int)len, text);
    free(exact);
}

static const char *const replies[] = {
    "{\"id\":\"123\",\"name\":\"User123\",\"email\":\"user123@example.com\"}",
    "{\"type\":\"about:blank\",\"status\":404,\"detail\":\"there is no user 7\",\"instance\":\"/users/7\"}",
    " { \"a\" : -1.25 , \"b\" : true, \"c\":false,\"d\":null,\"e\":0,\"f\":-0,\"g\":999999999999999999 } \r\n",
    "{\"\":\"\",\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"caf\xc3\xa9\":\"\xe4\xb8\xad\xf0\x9f\x98\x80\x7f\"}",
    "{}",
};

Test(json, what_replies_mostly_are_needs_no_tree)
{
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
        cr_expect(json_scan_is_object(replies[i], strlen(replies[i])), "%s", replies[i]);
}

Test(json, the_quick_look_never_says_yes_where_the_parser_says_no)
{
    static const char *const texts[] = {
        "", "{", "}", "{}}", "{} {}", "{},", "[{}]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\" 1}", "{a:1}",
        "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"a\":1 \"b\":2}", "{\"/\":1,\"\\/\":2}", "{\"a\":1,\"aa\":2}",
        "{\"a\":01}", "{\"a\":-}", "{\"a\":-01}", "{\"a\":00}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1.5.5}", "{\"a\":+1}", "{\"a\":1e}",
        "{\"a\":1e5}", "{\"a\":1e999}", "{\"a\":9223372036854775807}", "{\"a\":9223372036854775808}", "{\"a\":0x1}",
        "{\"a\":tru}", "{\"a\":truex}", "{\"a\":true1}", "{\"a\":nul", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":\"b}",
        "{\"a\":\"\\x\"}", "{\"a\":\"\\", "{\"a\":\"\\\"}", "{\"a\":\"\\u00e9\"}", "{\"a\":\"\\u0000\"}", "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xe4\xb8\"}",
        "\xef\xbb\xbf{}", "\f{}", "{}\v", "{\"a\":[1,{\"b\":[]}]}", "{\"a\":{\"b\":1,\"b\":2}}", "{\"a\":1}/**/",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_agreement(texts[i], strlen(texts[i]));
    expect_agreement("{}\0", 3);
    expect_agreement("{\"a\":\"\0\"}", 9);
    expect_agreement("{\"a\":\"\\\0\"}", 10);
    expect_agreement("{\"a\":\0}", 7);
}

Test(json, the_quick_look_agrees_on_replies_that_were_damaged_at_random)
{
    static const char bits[] = "{}[]\",:\\/ue.-+0159atn \n\0\x1f\x7f\x80\xc3\xe4\xff";
    rand_seed(1);
    for (int i = 0; i < 50000; i++) {
        char text[200];
        const char *reply = replies[rand_below(sizeof replies / sizeof *replies)];
        size_t len = strlen(reply);
        memcpy(text, reply, len);
        for (uint64_t damage = 1 + rand_below(3); damage > 0; damage--)
            text[rand_below(len)] = bits[rand_below(sizeof bits - 1)];
        expect_agreement(text, rand_below(10) ? len : rand_below(len + 1));
    }
}

Test(json, many_members_are_looked_through_for_a_second_of_the_same_name)
{
    char text[1024] = "{";
    for (int i = 0; i < 40; i++) {
        sprintf(text + strlen(text), "%s\"member%d\":%d", i ? "," : "", i, i);
        size_t len = strlen(text);
        strcpy(text + len, "}");
        cr_expect(json_is_object_text(text, len + 1));
        strcpy(text + len, ",\"member0\":1}");
        cr_expect_not(json_is_object_text(text, strlen(text)));
        text[len] = '\0';
    }
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
