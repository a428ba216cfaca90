/* nacos_request.c and nacos_reply.c: recorded replies (fixtures/v3_*, of Nacos 3.1.0; fixtures/v1_*, of Nacos 2.3.2's
 * version 1 of the API), and invalid ones.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/list_parser.h"
#include "registry/nacos/nacos_reply.h"
#include "registry/tests/fixture.h"

TestSuite(nacos_wire, .timeout = 300);

static const struct nacos_config config = {.server_addr = "127.0.0.1",
                                           .namespace_id = "public",
                                           .group = "DEFAULT_GROUP",
                                           .username = "",
                                           .password = "",
                                           .password_file = ""};
static const struct registration_spec spec = {.service = "orders",
                                              .id = "o-1",
                                              .address = "",
                                              .port = 8080,
                                              .tags = "a,b",
                                              .version = "1.0",
                                              .zone = "z 1",
                                              .weight = 3,
                                              .check_interval_ms = 10000};
static struct err err; /* of the last call */

static char *fixture_new(const char *name)
{
    return fixture_read("nacos", name);
}

/* --- Forms --------------------------------------------------------------------------------- */

static void expect_form(struct buf *form, bool added, const char *expected)
{
    cr_expect(added);
    cr_expect_str_eq(buf_text(form), expected);
    buf_close(form);
}

#define OWN                                                                                                            \
    "serviceName=orders&namespaceId=public&groupName=DEFAULT_GROUP&clusterName=DEFAULT&ip=10.0.0.1&port=8080&"         \
    "ephemeral=true"

Test(nacos_wire, forms_name_the_instance_by_its_place)
{
    struct buf form = BUF_INIT(32 * 1024);
    expect_form(&form, nacos_add_own(&form, &config, &spec, "10.0.0.1"), OWN);
    form = (struct buf)BUF_INIT(32 * 1024);
    expect_form(&form, nacos_add_beat(&form, NACOS_API_V1, &config, &spec, "10.0.0.1"), OWN);
    form = (struct buf)BUF_INIT(32 * 1024);
    expect_form(&form, nacos_add_beat(&form, NACOS_API_V3, &config, &spec, "10.0.0.1"), OWN "&heartBeat=true");
}

/* The server's own times are 5, 15 and 30 s. The interval must be less than both timeouts, or it replies 21004. */
Test(nacos_wire, registration_tells_its_heartbeat_times)
{
    static const char metadata[] =
        "&weight=3&healthy=true&metadata=%7B%22id%22%3A%22o-1%22%2C%22version%22%3A%221.0%22%2C%22zone%22%3A%22z%201%"
        "22%2C"
        "%22tags%22%3A%22a%2Cb%22%2C%22preserved.heart.beat.interval%22%3A%2210000%22%2C"
        "%22preserved.heart.beat.timeout%22%3A%2230000%22%2C%22preserved.ip.delete.timeout%22%3A%2260000%22%7D";
    struct buf form = BUF_INIT(32 * 1024);
    char expected[2000];
    snprintf(expected, sizeof expected, "%s%s", OWN, metadata);
    expect_form(&form, nacos_add_instance(&form, &config, &spec, "10.0.0.1", true), expected);
}

static void expect_part(const struct registration_spec *own, const char *address, bool healthy, const char *part)
{
    struct buf form = BUF_INIT(32 * 1024);
    cr_expect(nacos_add_instance(&form, &config, own, address, healthy));
    cr_expect(strstr(buf_text(&form), part), "%s in %s", part, buf_text(&form));
    buf_close(&form);
}

Test(nacos_wire, registration_keeps_to_what_nacos_accepts)
{
    struct registration_spec own = spec;
    expect_part(&own, "10.0.0.1", false, "&healthy=false&");
    expect_part(&own, "2001:db8::1", true, "&ip=2001%3Adb8%3A%3A1&");
    own.weight = 65535;
    expect_part(&own, "10.0.0.1", true, "&weight=10000&");
    own.maintenance = MAINTENANCE_ON;
    expect_part(&own, "10.0.0.1", true, "&weight=0&healthy=true&");
    own.version = "1\xff&=";
    expect_part(&own, "10.0.0.1", true, "%22version%22%3A%221%EF%BF%BD%26%3D%22");
}

Test(nacos_wire, odd_names_are_escaped)
{
    struct nacos_config odd = config;
    struct buf form = BUF_INIT(1024);
    odd.namespace_id = "a&b=c";
    odd.group = "g 1+é";
    expect_form(&form, nacos_add_list(&form, NACOS_API_V3, &odd, "orders"),
                "serviceName=orders&namespaceId=a%26b%3Dc&groupName=g%201%2B%C3%A9&clusterName=DEFAULT");
}

/* Version 3 takes no cluster for DEFAULT, version 1 takes it for all. */
Test(nacos_wire, list_names_the_cluster_as_each_version_does)
{
    struct buf form = BUF_INIT(1024);
    expect_form(&form, nacos_add_list(&form, NACOS_API_V1, &config, "orders"),
                "serviceName=orders&namespaceId=public&groupName=DEFAULT_GROUP&clusters=DEFAULT");
    form = (struct buf)BUF_INIT(1024);
    expect_form(&form, nacos_add_probe(&form, NACOS_API_V3, &config, "orders"),
                "serviceName=orders&namespaceId=public&groupName=DEFAULT_GROUP&clusterName=none");
}

/* --- Results ------------------------------------------------------------------------------- */

static enum nacos_result result_of(int status, const char *body)
{
    err_clear(&err);
    enum nacos_result result = nacos_parse_result(status, body, strlen(body), &err);
    cr_expect_eq(result == NACOS_FAILED, err.code != ERR_NONE, "%d %s", status, body);
    return result;
}

Test(nacos_wire, success_has_three_forms)
{
    cr_expect_eq(result_of(200, "{\"code\":0,\"message\":\"success\",\"data\":\"ok\"}"), NACOS_OK);
    cr_expect_eq(result_of(200, "ok"), NACOS_OK);
    cr_expect_eq(result_of(200, "ok\n"), NACOS_OK);
    cr_expect_eq(result_of(200, "{\"clientBeatInterval\":5000,\"code\":10200,\"lightBeatEnabled\":true}"), NACOS_OK);
}

static void expect_unknown(const char *fixture)
{
    char *body = fixture_new(fixture);
    cr_expect_eq(result_of(200, body), NACOS_UNKNOWN_INSTANCE, "%s", body);
    cr_expect_eq(result_of(404, body), NACOS_UNKNOWN_INSTANCE, "with another status, too");
    free(body);
}

Test(nacos_wire, unknown_instance_is_a_code_with_status_200)
{
    expect_unknown("v3_unknown_instance.json");
    expect_unknown("v1_unknown_instance.json");
}

/* The bodies are recorded. */
static const struct {
    int status;
    const char *body, *text;
} failures[] = {
    {200, "{\"code\":30000,\"message\":\"server error\",\"data\":\"errCode: 500\"}",
     "HTTP 200: server error: errCode: 500"},
    {400,
     "{\"code\":10000,\"message\":\"parameter missing\",\"data\":\"Required parameter 'ip' type String is not "
     "present\"}",
     "HTTP 400: parameter missing: Required parameter 'ip' type String is not present"},
    {400, "Param 'serviceName' is illegal, illegal characters should not appear in the param.\r\n\r\n",
     "HTTP 400: Param 'serviceName' is illegal, illegal characters should not appear in the param."},
    {400,
     "{\"code\":30000,\"message\":\"server error\",\"data\":\"errCode: 400, errMsg: Current service "
     "DEFAULT_GROUP@@svc1 is "
     "persistent service, can't register ephemeral instance. \"}",
     "is persistent service, can't register ephemeral instance. ; delete that service in Nacos, or use another "
     "NACOS_GROUP"},
    {500, "caused: instance format invalid: The weights range from 0.0 to 10000.0;",
     "HTTP 500: caused: instance format invalid: The weights range from 0.0 to 10000.0;"},
    {403,
     "{\"timestamp\":\"2026-11-29T09:39:01.399+00:00\",\"status\":403,\"error\":\"Forbidden\",\"message\":\"Code: 401, "
     "Message: User "
     "not found! Please check user exist or password is right!.\",\"path\":\"/nacos/v3/client/ns/instance\"}",
     "password is right!.; set NACOS_USERNAME and NACOS_PASSWORD"},
    {403, "{\"status\":403,\"error\":\"Forbidden\",\"message\":\"user not found!\"}",
     "; set NACOS_USERNAME and NACOS_PASSWORD"},
    {403, "{\"status\":403,\"error\":\"Forbidden\",\"message\":\"Code: 401, Message: Invalid signature.\"}",
     "all servers need the same"},
    {403, "", "HTTP 403; check NACOS_USERNAME and NACOS_PASSWORD"},
    {500, "{\"status\":500,\"error\":\"Internal Server Error\",\"message\":\"No message available\"}",
     "HTTP 500: Internal Server Error"},
    {503, "server is STARTING now, please try again later!",
     "HTTP 503: server is STARTING now, please try again later!"},
    {404, "{\"status\":404,\"error\":\"Not Found\",\"message\":\"No endpoint POST /nacos/v3/x.\"}",
     "is NACOS_SERVER_ADDR the address"},
    {404, "<!doctype html><html lang=\"en\">", "HTTP 404; is NACOS_SERVER_ADDR the address of Nacos' API"},
    {200, "<!doctype html><html lang=\"en\">", "HTTP 200; is NACOS_SERVER_ADDR the address of Nacos' API"},
    {200, "okay", "HTTP 200: okay"},
    {200, "", "is NACOS_SERVER_ADDR"},
    {200, "{\"code\":\"0\"}", "HTTP 200"},
    {200, "[0]", "HTTP 200: [0]"},
    {500, "{\"code\":0,\"message\":\"success\",\"data\":\"ok\"}", "HTTP 500: success: ok"},
    {400, "Bad Request\r\nThis combination of host and port requires TLS.\r\n",
     "HTTP 400: Bad Request This combination of host and port requires TLS."},
};

Test(nacos_wire, failure_has_nacos_own_words_and_what_to_do)
{
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        cr_expect_eq(result_of(failures[i].status, failures[i].body), NACOS_FAILED, "%s", failures[i].body);
        cr_expect(strstr(err.text, failures[i].text), "%s", err.text);
        err_clear(&err);
        cr_expect_eq(nacos_parse_error(failures[i].status, failures[i].body, strlen(failures[i].body), &err), -1);
        cr_expect(strstr(err.text, failures[i].text), "%s", err.text);
    }
}

static void expect_words(int status, const char *fixture, const char *text)
{
    char *body = fixture_new(fixture);
    cr_expect_eq(result_of(status, body), NACOS_FAILED);
    cr_expect(strstr(err.text, text), "%s", err.text);
    free(body);
}

Test(nacos_wire, recorded_failures_say_what_to_do)
{
    expect_words(403, "v3_token_expired.json", "token expired!.; check NACOS_USERNAME and NACOS_PASSWORD");
    expect_words(403, "v1_no_right.json",
                 "authorization failed!; give the user of NACOS_USERNAME the permission in Nacos");
    expect_words(410, "gone.json", "switched off the version of the API");
}

/* --- What the server is -------------------------------------------------------------------- */

static bool shows(enum nacos_api api, int status, const char *body)
{
    return nacos_shows_api(api, status, body, strlen(body));
}

Test(nacos_wire, version_is_known_by_its_reply)
{
    char *v3 = fixture_new("v3_list.json"), *v1 = fixture_new("v1_list_empty.json");
    cr_expect(shows(NACOS_API_V3, 200, v3));
    cr_expect(shows(NACOS_API_V1, 200, v1));
    cr_expect_not(shows(NACOS_API_V3, 200, v1));
    cr_expect_not(shows(NACOS_API_V1, 200, v3));
    cr_expect(shows(NACOS_API_V3, 403, ""), "it wants a login, so it knows the path");
    cr_expect(shows(NACOS_API_V3, 400, "Param 'serviceName' is illegal"));
    cr_expect_not(shows(NACOS_API_V3, 404, v3));
    cr_expect_not(shows(NACOS_API_V3, 410, ""));
    cr_expect_not(shows(NACOS_API_V3, 200, "<html>"), "the console, or another web server");
    cr_expect_not(shows(NACOS_API_V1, 200, "{}"));
    free(v3);
    free(v1);
}

Test(nacos_wire, login_is_wanted_only_if_it_can_help)
{
    char *expired = fixture_new("v3_token_expired.json"), *no_right = fixture_new("v1_no_right.json");
    cr_expect(nacos_wants_login(403, expired));
    cr_expect(nacos_wants_login(401, ""));
    cr_expect_not(nacos_wants_login(403, no_right), "each call would log in, and still fail");
    cr_expect_not(nacos_wants_login(200, expired));
    cr_expect_not(nacos_wants_login(500, ""));
    free(expired);
    free(no_right);
}

Test(nacos_wire, namespace_is_missing_only_from_a_list)
{
    static const char v1[] = "{\"code\":200,\"data\":[{\"namespace\":\"\"},{\"namespace\":\"dev\"}]}";
    char *v3 = fixture_new("v3_namespaces.json");
    cr_expect(nacos_lacks_namespace(v3, strlen(v3), "dev"));
    cr_expect_not(nacos_lacks_namespace(v3, strlen(v3), "public"));
    cr_expect_not(nacos_lacks_namespace(v1, strlen(v1), "dev"));
    cr_expect(nacos_lacks_namespace(v1, strlen(v1), "de"));
    cr_expect_not(nacos_lacks_namespace("", 0, "dev"));
    cr_expect_not(nacos_lacks_namespace("{\"data\":null}", 13, "dev"));
    cr_expect_not(nacos_lacks_namespace("{\"data\":[]}", 11, "dev"), "every server has a public one");
    free(v3);
}

/* --- Login --------------------------------------------------------------------------------- */

static int64_t ttl_of(const char *body, const char *expected)
{
    char token[100] = "";
    int64_t ttl_ms = -1;
    err_clear(&err);
    int rc = nacos_parse_login(body, strlen(body), token, sizeof token, &ttl_ms, &err);
    cr_expect_eq(rc, *expected ? 0 : -1, "%s: %s", body, err.text);
    cr_expect_str_eq(token, expected);
    return ttl_ms;
}

Test(nacos_wire, login_gives_a_token_and_its_life)
{
    char *v3 = fixture_new("v3_login.json"), *disabled = fixture_new("v1_login_disabled.json");
    cr_expect_eq(ttl_of(v3, "header.payload.signature"), 20000);
    cr_expect_gt(ttl_of(disabled, "AUTH_DISABLED"), 1000 * 1000 * 1000);
    cr_expect_eq(ttl_of("{\"accessToken\":\"a\"}", "a"), INT64_MAX, "until the server wants a login");
    cr_expect_eq(ttl_of("{\"accessToken\":\"a\",\"tokenTtl\":0}", "a"), INT64_MAX);
    cr_expect_eq(ttl_of("{\"accessToken\":\"a\",\"tokenTtl\":9223372036854775807}", "a"), INT64_MAX, "no overflow");
    free(v3);
    free(disabled);
}

Test(nacos_wire, reply_without_a_usable_token_is_an_error)
{
    char body[200];
    ttl_of("", "");
    ttl_of("{\"accessToken\":\"\",\"tokenTtl\":1}", "");
    ttl_of("{\"accessToken\":7,\"tokenTtl\":1}", "");
    ttl_of("{\"accessToken\":\"a\\r\\nX-Other: 1\",\"tokenTtl\":1}", "");
    snprintf(body, sizeof body, "{\"accessToken\":\"%0100d\",\"tokenTtl\":1}", 0);
    ttl_of(body, "");
    cr_expect_null(strstr(err.text, "0000"), "no token in an error: %s", err.text);
}

/* --- The list ------------------------------------------------------------------------------ */

/* NULL: the list is an error. */
static struct instance_list *parse_new(enum nacos_api api, const char *body)
{
    struct list_parser parser;
    struct instance_list *list = NULL;
    err_clear(&err);
    cr_assert_eq(list_parser_begin(&parser, nacos_list_member(api), nacos_read_entry, &err), 0);
    if (list_parser_feed(&parser, body, strlen(body), &err) == 0 &&
        nacos_check_envelope(api, buf_text(&parser.envelope), parser.envelope.len, &err) == 0)
        list_parser_end(&parser, &list, &err);
    list_parser_close(&parser);
    cr_expect_eq(!list, err.code != ERR_NONE);
    return list;
}

static struct instance_list *parse_fixture_new(enum nacos_api api, const char *name)
{
    char *body = fixture_new(name);
    struct instance_list *list = parse_new(api, body);
    cr_assert(list, "%s", err.text);
    free(body);
    return list;
}

static struct instance_list *parse_entry_new(const char *entry)
{
    char body[1000];
    snprintf(body, sizeof body, "{\"code\":0,\"message\":\"success\",\"data\":[%s]}", entry);
    return parse_new(NACOS_API_V3, body);
}

static void expect_first_two(enum nacos_api api, const char *fixture)
{
    struct instance_list *list = parse_fixture_new(api, fixture);
    const struct instance *first = instance_list_find(list, "10.0.0.1:8080"),
                          *other = instance_list_find(list, "10.0.0.2:8080");
    cr_assert(first && other, "%s", fixture);
    cr_expect_str_eq(first->address, "10.0.0.1");
    cr_expect_eq(first->port, 8080);
    cr_expect_eq(first->weight, 1);
    cr_expect_eq(first->status, INSTANCE_PASSING);
    cr_expect_str_eq(other->zone, "z 1");
    cr_expect_eq(other->weight, 3, "2.5, rounded");
    instance_list_unref(list);
}

Test(nacos_wire, both_versions_show_the_same_list)
{
    expect_first_two(NACOS_API_V3, "v3_list.json");
    expect_first_two(NACOS_API_V1, "v1_list.json");
    struct instance_list *none = parse_fixture_new(NACOS_API_V1, "v1_list_empty.json");
    cr_expect_eq(none->count, 0);
    instance_list_unref(none);
}

Test(nacos_wire, unhealthy_is_critical_and_weight_0_is_maintenance)
{
    struct instance_list *list = parse_fixture_new(NACOS_API_V3, "v3_list_unhealthy.json");
    const struct instance *weightless = instance_list_find(list, "10.0.0.2:8080"),
                          *ill = instance_list_find(list, "10.0.0.3:8080");
    cr_assert(weightless && ill);
    cr_expect(weightless->maintenance && weightless->status == INSTANCE_PASSING && weightless->weight == 1);
    cr_expect(!ill->maintenance && ill->status == INSTANCE_CRITICAL);
    instance_list_unref(list);
}

static const struct {
    const char *entry;
    int weight; /* 0: dropped */
    bool maintenance;
} entries[] = {
    {"{\"ip\":\"10.0.0.1\",\"port\":80,\"weight\":0.4,\"healthy\":true}", 1, false},
    {"{\"ip\":\"10.0.0.1\",\"port\":80,\"weight\":1e300,\"healthy\":true}", 65535, false},
    {"{\"ip\":\"10.0.0.1\",\"port\":80,\"weight\":\"x\",\"healthy\":\"true\"}", 1, false},
    {"{\"ip\":\"10.0.0.1\",\"port\":80,\"weight\":-1.0}", 1, true},
    {"{\"ip\":\"10.0.0.1\",\"port\":80,\"enabled\":false,\"metadata\":null}", 1, true},
    {"{\"ip\":\"10.0.0.1\",\"port\":80,\"metadata\":{\"zone\":7,\"id\":null}}", 1, false},
    {"{\"ip\":\"not an address\",\"port\":80}", 0, false},
    {"{\"port\":80}", 0, false},
    {"{\"ip\":\"10.0.0.1\",\"port\":0}", 0, false},
    {"{\"ip\":\"10.0.0.1\",\"port\":65536}", 0, false},
    {"{\"ip\":\"10.0.0.1\",\"port\":\"80\"}", 0, false},
    {"7", 0, false},
};

Test(nacos_wire, tags_are_read_from_the_metadata)
{
    struct instance_list *list =
        parse_entry_new("{\"ip\":\"10.0.0.1\",\"port\":80,\"metadata\":{\"tags\":\"v1,canary\"}}");
    cr_assert(list && list->count == 1, "%s", err.text);
    cr_expect_str_eq(list->at[0].tags, "v1,canary");
    instance_list_unref(list);
}

Test(nacos_wire, odd_entries_are_read_or_dropped)
{
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        struct instance_list *list = parse_entry_new(entries[i].entry);
        cr_expect_eq(list ? list->at[0].weight : 0, entries[i].weight, "%s: %s", entries[i].entry, err.text);
        cr_expect_eq(list && list->at[0].maintenance, entries[i].maintenance, "%s", entries[i].entry);
        instance_list_unref(list);
    }
}

Test(nacos_wire, brackets_around_ipv6_do_not_count)
{
    struct instance_list *list =
        parse_entry_new("{\"ip\":\"[2001:db8::1]\",\"port\":80},{\"ip\":\"2001:db8::2\",\"port\":80}");
    cr_assert(list && list->count == 2, "%s", err.text);
    cr_expect_str_eq(list->at[0].address, "2001:db8::1");
    cr_expect_str_eq(list->at[0].id, "[2001:db8::1]:80");
    cr_expect_str_eq(list->at[1].id, "[2001:db8::2]:80");
    instance_list_unref(list);
}

/* Nacos keeps an instance by its place. So an instance that moved leaves its old entry behind until it expires. */
Test(nacos_wire, one_id_in_two_places_is_two_instances)
{
    struct instance_list *list = parse_entry_new("{\"ip\":\"10.0.0.1\",\"port\":80,\"metadata\":{\"id\":\"o-1\"}},"
                                                 "{\"ip\":\"10.0.0.2\",\"port\":80,\"metadata\":{\"id\":\"o-1\"}}");
    cr_assert(list, "%s", err.text);
    cr_expect_eq(list->count, 2);
    instance_list_unref(list);
}

static void expect_cut_off(enum nacos_api api, const char *fixture)
{
    char *body = fixture_new(fixture);
    for (size_t len = strlen(body) - 2; len > 0; len -= len > 40 ? 23 : 1) {
        body[len] = '\0';
        struct instance_list *list = parse_new(api, body);
        cr_expect_null(list, "%s: the first %zu bytes", fixture, len);
        instance_list_unref(list);
    }
    free(body);
}

Test(nacos_wire, list_that_is_cut_off_is_an_error)
{
    expect_cut_off(NACOS_API_V3, "v3_list.json");
    expect_cut_off(NACOS_API_V1, "v1_list.json");
}

Test(nacos_wire, list_that_is_an_error_has_nacos_words)
{
    static const char *const bad[][2] = {
        {"{\"code\":30000,\"message\":\"server error\",\"data\":null}", "HTTP 200: server error"},
        {"{\"code\":21003,\"message\":\"instance not found\",\"data\":[]}", "HTTP 200: instance not found"},
        {"{\"data\":[]}", "is NACOS_SERVER_ADDR"},
        {"<html></html>", "not Nacos'"},
        {"{\"code\":0,\"message\":\"success\",\"data\":{\"hosts\":[]}}", "not a whole JSON array"},
        {"{\"code\":0,\"data\":[{\"ip\":\"\xff\"}]}", "not JSON"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect_null(parse_new(NACOS_API_V3, bad[i][0]));
        cr_expect(strstr(err.text, bad[i][1]), "%s: %s", bad[i][0], err.text);
    }
}
