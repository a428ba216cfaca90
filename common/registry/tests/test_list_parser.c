/* list_parser.c: a list that is the whole reply, or a member of it; in pieces of any size. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "registry/list_parser.h"

TestSuite(list_parser, .timeout = 300);

static struct err err; /* of the last call */

/* "x" is an entry that cannot be used. */
static const char *read_entry(const json_t *entry, struct instance *instance)
{
    const char *id = json_string_value(entry);
    *instance = (struct instance){
        .id = id ? id : "", .node = "", .address = "10.0.0.1", .zone = "", .version = "", .weight = 1};
    for (const char *p = instance->id; *p; p++)
        instance->port = (uint16_t)(instance->port * 31 + *p);
    return id && strcmp(id, "x") == 0 ? "it is x" : NULL;
}

static const char *read_object(const json_t *entry, struct instance *instance)
{
    return read_entry(json_object_get(entry, "id"), instance);
}

/* The ids, each with a space after it; "error" or "skimmed". The envelope goes to out. */
static void parse(const char *member, const char *body, size_t piece, bool skim, char *found, char *envelope)
{
    struct list_parser parser;
    struct instance_list *list = NULL;
    err_clear(&err);
    cr_assert_eq(list_parser_begin(&parser, member, read_entry, &err), 0);
    parser.skim = skim;
    int rc = 0;
    for (size_t at = 0, len = strlen(body); rc == 0 && at < len; at += piece)
        rc = list_parser_feed(&parser, body + at, len - at < piece ? len - at : piece, &err);
    if (rc == 0)
        rc = list_parser_end(&parser, &list, &err);
    cr_expect_eq(rc == 0, err.code == ERR_NONE);
    snprintf(envelope, 200, "%.199s", buf_text(&parser.envelope));
    snprintf(found, 200, "%s", rc != 0 ? "error" : list ? "" : "skimmed");
    for (size_t i = 0; list && i < list->count; i++)
        snprintf(found + strlen(found), 200 - strlen(found), "%s ", list->at[i].id);
    instance_list_unref(list);
    list_parser_close(&parser);
}

static void expect_ids(const char *member, const char *body, const char *expected)
{
    char found[200], envelope[200];
    for (size_t piece = 1; piece <= 64; piece *= 2) {
        parse(member, body, piece, false, found, envelope);
        cr_expect_str_eq(found, expected, "%s in pieces of %zu: %s %s", body, piece, found, err.text);
        if (strcmp(expected, "error") != 0) {
            parse(member, body, piece, true, found, envelope);
            cr_expect_str_eq(found, "skimmed", "%s: %s", body, err.text);
        }
    }
}

Test(list_parser, list_is_the_whole_reply)
{
    expect_ids(NULL, "[]", "");
    expect_ids(NULL, " [ \"b\" , \"a\" ] \n", "a b ");
    expect_ids(NULL, "[\"]\", \"a,b\", \"\\\"[\"]", "\"[ ] a,b ");
    expect_ids(NULL, "{\"list\":[\"a\"]}", "error");
    expect_ids(NULL, "[\"a\"]]", "error");
    expect_ids(NULL, "[\"a\"][\"b\"]", "error");
    expect_ids(NULL, "[\"a\",]", "error");
    expect_ids(NULL, "[,\"a\"]", "error");
    expect_ids(NULL, "[\"a\"", "error");
    expect_ids(NULL, "", "error");
}

Test(list_parser, list_is_a_member_of_the_reply)
{
    expect_ids("list", "{\"list\":[]}", "");
    expect_ids("list", "{\"code\" : 0, \"list\" : [ \"a\", \"b\" ], \"more\" : {\"list\" : [1]}}", "a b ");
    expect_ids("list", "{\"reply\":{\"name\":\"N\",\"list\":[\"a\"]}}", "a ");
}

Test(list_parser, only_a_name_with_an_array_is_the_list)
{
    expect_ids("list", "{\"name\":\"list\",\"list\":[\"a\"]}", "a ");
    expect_ids("list", "{\"name\":[\"list\"],\"list\":[\"a\"]}", "a ");
    expect_ids("list", "{\"name\":[\"list\",[\"b\"]],\"list\":[\"a\"]}", "a ");
    expect_ids("list", "{\"a list\":[1],\"list2\":[2],\"lis\":[3],\"\\\"list\":[4],\"list\":[\"a\"]}", "a ");
    expect_ids("list", "{\"list\":{\"other\":[\"b\"]},\"list2\":[]}", "error");
    expect_ids("list", "{\"list\":null}", "error");
    expect_ids("list", "{\"list\":\"[\"}", "error");
    expect_ids("list", "[\"a\"]", "error");
    expect_ids("list", "{\"list\" [\"a\"]}", "error");
    expect_ids("list", "{\"list\":,[\"a\"]}", "error");
}

Test(list_parser, what_stands_around_the_list_must_be_whole)
{
    expect_ids("list", "{\"list\":[\"a\"]", "error");
    expect_ids("list", "{\"list\":[\"a\"]}}", "error");
    expect_ids("list", "\"list\":[\"a\"]}", "error");
    expect_ids("list", "{\"list\":[\"a\"],}", "error");
    expect_ids("list", "{\"list\":[\"a\"]} {}", "error");
    expect_ids("list", "{\"name\":\"\xff\",\"list\":[\"a\"]}", "error");
}

Test(list_parser, envelope_is_the_reply_with_an_empty_list)
{
    char found[200], envelope[200];
    parse("list", "{ \"name\" : \"a b\", \"list\" : [ \"a\", \"b\" ], \"end\" : true }", 3, false, found, envelope);
    cr_expect_str_eq(envelope, "{\"name\":\"a b\",\"list\":[],\"end\":true}");
    parse("list", "{\"code\":30000,\"list\":null}", 3, false, found, envelope);
    cr_expect_str_eq(envelope, "{\"code\":30000,\"list\":null}", "it shows an error, too");
}

Test(list_parser, unusable_entries_are_dropped_but_not_all)
{
    expect_ids("list", "{\"list\":[\"x\",\"a\"]}", "a ");
    char found[200], envelope[200];
    parse("list", "{\"list\":[\"x\"]}", 100, false, found, envelope);
    cr_expect_str_eq(found, "error");
    cr_expect(strstr(err.text, "x: it is x"), "%s", err.text);
}

static void expect_single(const char *body, const char *expected)
{
    for (size_t piece = 1; piece <= 64; piece *= 2) {
        struct list_parser parser;
        struct instance_list *list = NULL;
        err_clear(&err);
        cr_assert_eq(list_parser_begin(&parser, "list", read_object, &err), 0);
        parser.may_be_single = true;
        int rc = 0;
        for (size_t at = 0, len = strlen(body); rc == 0 && at < len; at += piece)
            rc = list_parser_feed(&parser, body + at, len - at < piece ? len - at : piece, &err);
        if (rc == 0)
            list_parser_end(&parser, &list, &err);
        cr_expect_str_eq(list ? list->count > 0 ? list->at[0].id : "none" : "error", expected, "%s: %s", body, err.text);
        instance_list_unref(list);
        list_parser_close(&parser);
    }
}

Test(list_parser, one_entry_may_stand_without_an_array)
{
    expect_single("{\"name\":\"N\",\"list\":{\"id\":\"a}\",\"b\":{\"c\":[]}},\"end\":1}", "a}");
    expect_single("{\"list\" : { \"id\" : \"a\" } }", "a");
    expect_single("{\"list\":[{\"id\":\"a\"}]}", "a");
    expect_single("{\"list\":[]}", "none");
    expect_single("{\"list\":{\"id\":\"a\"}", "error");
    expect_single("{\"list\":{\"id\":\"a\"},{\"id\":\"b\"}}", "error");
    expect_single("{\"list\":{\"id\":\"a\"", "error");
    expect_single("{\"list\":{]}", "error");
    expect_single("{\"list\":\"a\"}", "error");
}

/* Otherwise a server that never sends a list could use any amount of memory. */
Test(list_parser, envelope_is_limited)
{
    static char body[70 * 1024];
    char found[200], envelope[200];
    memset(body, 'a', sizeof body - 1);
    memcpy(body, "{\"name\":\"", 9);
    parse("list", body, 1000, false, found, envelope);
    cr_expect_str_eq(found, "error");
    cr_expect_eq(err.code, ERR_PROTOCOL);
}
