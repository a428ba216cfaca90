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
#define EXPECT_REJECTS(text) cr_expect_eq(parse(text, sizeof(text) - 1), ERR_INVALID, "%s", text)

Test(json, any_single_value_is_json)
{
    EXPECT_PARSES("{}");
    EXPECT_PARSES(" [1, 2.5e3, true, null] \n");
    EXPECT_PARSES("\"caf\xc3\xa9\"");
    EXPECT_PARSES("7");
}

Test(json, text_that_is_not_strict_json_is_rejected)
{
    EXPECT_REJECTS("");
    EXPECT_REJECTS("{} {}");
    EXPECT_REJECTS("{}x");
    EXPECT_REJECTS("{\"a\":1,\"a\":2}");
    EXPECT_REJECTS("{'a':1}");
    EXPECT_REJECTS("[1,]");
    EXPECT_REJECTS("[01]");
    EXPECT_REJECTS("NaN");
    EXPECT_REJECTS("\"\xff\"");
    EXPECT_REJECTS("\"\xc0\xaf\"");
    EXPECT_REJECTS("\"\\ud800\"");
    EXPECT_REJECTS("\xef\xbb\xbf{}");
    EXPECT_REJECTS("{}\0");
    EXPECT_REJECTS("\"a\0b\"");
    EXPECT_REJECTS("\"a\nb\"");
}

Test(json, valid_value_out_of_range_is_too_large)
{
    const char *const texts[] = {"[99999999999999999999]", "[1e999]", "[\"a\\u0000b\"]", "{\"\\u0000\":1}"};
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(parse(texts[i], strlen(texts[i])), ERR_TOO_LARGE, "%s", texts[i]);
}

Test(json, error_has_line_and_column)
{
    struct err err = ERR_INIT;
    cr_expect_null(json_parse_new("{\n  \"a\": x}", 11, &err));
    cr_expect_not_null(strstr(err.text, "line 2, column 8"), "%s", err.text);
}

Test(json, error_is_in_our_own_words)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"[\"\\u0000\"]", "\\u0000 is not supported"},
        {"{\"\\u0000\":1}", "\\u0000 is not supported"},
        {"[99999999999999999999]", "the number is too large"},
        {"[-99999999999999999999]", "the number is too large"},
        {"[1e999]", "the number is too large"},
        {"{\"a\":1,\"a\":2}", "the object has two members of this name"},
        {"[\"\xff\"]", "the text is not valid UTF-8"},
        {"[\"\\ud800\"]", "\\ud800 to \\udfff stand in pairs only"},
        {"[\"\\ud83d\\u0041\"]", "\\ud800 to \\udfff stand in pairs only"},
        {"[\"\\uzzzz\"]", "this is not JSON"},
        {"{} x", "something follows after the end of the JSON"},
        {"", "the JSON ends too early"},
        {"{", "the JSON ends too early"},
        {"{\"a\":", "the JSON ends too early"},
        {"[\"abc", "the JSON ends too early"},
        {"{\"a\":1,}", "this is not JSON"},
        {"{'a':1}", "this is not JSON"},
        {"[\"a\nb\"]", "this is not JSON"},
        {"[\"\001\"]", "this is not JSON"},
        {"[\"\\x\"]", "this is not JSON"},
        {"[01]", "this is not JSON"},
        {"[NaN]", "this is not JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = ERR_INIT;
        cr_expect_null(json_parse_new(cases[i].text, strlen(cases[i].text), &err));
        const char *reason = strstr(err.text, ": ");
        cr_expect_str_eq(reason ? reason + 2 : "", cases[i].reason, "%s: %s", cases[i].text, err.text);
    }
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

Test(json, nesting_over_64_is_rejected_at_any_depth)
{
    cr_expect_eq(parse_nested(64), ERR_NONE);
    cr_expect_eq(parse_nested(65), ERR_INVALID);
    cr_expect_eq(parse_nested(1000000), ERR_INVALID);
}

Test(json, brackets_in_a_row_or_in_strings_are_not_nesting)
{
    char text[1024] = "[";
    for (int i = 0; i < 100; i++)
        strcat(text, "[],");
    strcat(text, "\"\\\"");
    memset(text + strlen(text), '[', 100);
    strcat(text, "\"]");
    EXPECT_PARSES(text);
}

Test(json, only_a_strict_object_is_an_object)
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

/* Expects the same result as from json_parse_new. Parses a copy of exactly `len` bytes, so that
 * AddressSanitizer reports a read past the end. */
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

Test(json, scan_accepts_common_replies)
{
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
        cr_expect(json_scan_is_object(replies[i], strlen(replies[i])), "%s", replies[i]);
}

Test(json, scan_never_accepts_what_the_parser_rejects)
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

Test(json, scan_agrees_with_parser_on_damaged_replies)
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

Test(json, duplicate_is_found_among_many_members)
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
    char *exact = malloc(len + !len); /* AddressSanitizer reports a read past its end */
    memcpy(exact, text, len);
    cr_expect(json_add_string(&out, exact, len));
    free(exact);
    cr_expect_str_eq(buf_text(&out), expected);
    json_t *tree = json_loadb(out.data, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    cr_expect(json_is_string(tree));
    json_decref(tree);
    buf_close(&out);
}

Test(json, written_string_is_always_valid_json)
{
    expect_string("", 0, "\"\"");
    expect_string("plain", 5, "\"plain\"");
    expect_string("a\"b\\c", 5, "\"a\\\"b\\\\c\"");
    expect_string("\n\x1f\0", 3, "\"\\u000a\\u001f\\u0000\"");
    expect_string("caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80", 14, "\"caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80\"");
}

Test(json, each_invalid_utf8_byte_is_replaced)
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

Test(json, string_that_does_not_fit_is_not_added)
{
    struct buf out = BUF_INIT(10);
    buf_adds(&out, "[");
    cr_expect_not(json_add_string(&out, "12345678", 8));
    cr_expect_str_eq(buf_text(&out), "[");
    cr_expect(json_add_string(&out, "1234567", 7));
    buf_close(&out);
}
