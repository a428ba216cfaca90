/* eureka_wire.c: recorded replies (fixtures/, of Spring Cloud's server 5.0.3 with eureka-core 2.0.6; app_odd.json has
 * the entries of several recordings in one application), and invalid ones.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/json.h"
#include "registry/eureka/eureka_wire.h"
#include "registry/list_parser.h"
#include "registry/tests/fixture.h"

TestSuite(eureka_wire, .timeout = 300);

static const struct registration_spec spec = {.service = "orders",
                                              .id = "h1:orders:8080",
                                              .address = "",
                                              .port = 8080,
                                              .tags = "",
                                              .version = "1.2",
                                              .zone = "z1",
                                              .weight = 5,
                                              .check_interval_ms = 10000};
static struct err err; /* of the last call */

static char *fixture_new(const char *name)
{
    return fixture_read("eureka", name);
}

/* NULL: the list is an error. */
static struct instance_list *parse_new(const char *body)
{
    struct list_parser parser;
    struct instance_list *list = NULL;
    err_clear(&err);
    cr_assert_eq(eureka_list_begin(&parser, &err), 0);
    if (list_parser_feed(&parser, body, strlen(body), &err) == 0)
        list_parser_end(&parser, &list, &err);
    list_parser_close(&parser);
    cr_expect_eq(!list, err.code != ERR_NONE);
    return list;
}

/* The entry alone in its application. */
static struct instance_list *parse_entry_new(const char *entry)
{
    char body[2000];
    snprintf(body, sizeof body, "{\"application\":{\"name\":\"ORDERS\",\"instance\":[%s]}}", entry);
    return parse_new(body);
}

static struct instance_list *parse_fixture_new(const char *name)
{
    char *body = fixture_new(name);
    struct instance_list *list = parse_new(body);
    cr_assert(list, "%s", err.text);
    free(body);
    return list;
}

/* --- Paths --------------------------------------------------------------------------------- */

static void expect_path(const char *base, const char *service, const char *id, const char *expected)
{
    struct buf path = BUF_INIT(1024);
    cr_expect(eureka_add_path(&path, base, service, id));
    cr_expect_str_eq(buf_text(&path), expected);
    buf_close(&path);
}

Test(eureka_wire, application_is_the_service_in_capitals)
{
    expect_path("/eureka", "order-service", NULL, "/eureka/apps/ORDER-SERVICE");
    expect_path("/a/eureka", "orders", "h1:orders:8080", "/a/eureka/apps/ORDERS/h1%3Aorders%3A8080");
    expect_path("", "orders", "a b/c", "/apps/ORDERS/a%20b%2Fc");
}

Test(eureka_wire, dot_segment_is_not_an_id)
{
    struct buf path = BUF_INIT(1024);
    cr_expect_not(eureka_add_path(&path, "/eureka", "orders", ".."), "it would be the path of the application");
    buf_close(&path);
}

/* --- Registration -------------------------------------------------------------------------- */

static json_t *registration_new(const struct registration_spec *own, const char *address, enum instance_status status)
{
    struct buf body = BUF_INIT(16 * 1024);
    cr_assert(eureka_add_registration(&body, own, address, status));
    json_t *tree = json_parse_new(buf_text(&body), body.len, &err);
    cr_assert(tree, "%s", err.text);
    buf_close(&body);
    return tree;
}

Test(eureka_wire, registration_has_what_the_server_requires)
{
    static const char expected[] =
        "{\"instance\":{\"instanceId\":\"h1:orders:8080\",\"app\":\"ORDERS\",\"hostName\":\"10.0.0.1\",\"ipAddr\":\"10."
        "0.0.1\","
        "\"vipAddress\":\"orders\",\"status\":\"UP\",\"port\":{\"$\":8080,\"@enabled\":\"true\"},\"dataCenterInfo\":"
        "{\"@class\":\"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo\",\"name\":\"MyOwn\"},\"leaseInfo\":"
        "{\"renewalIntervalInSecs\":10,\"durationInSecs\":15},\"metadata\":{\"weight\":\"5\",\"version\":\"1.2\","
        "\"zone\":\"z1\"}}}";
    struct buf body = BUF_INIT(16 * 1024);
    cr_expect(eureka_add_registration(&body, &spec, "10.0.0.1", INSTANCE_PASSING));
    cr_expect_str_eq(buf_text(&body), expected);
    buf_close(&body);
}

Test(eureka_wire, unhealthy_instance_registers_as_down)
{
    json_t *tree = registration_new(&spec, "2001:db8::1", INSTANCE_CRITICAL),
           *entry = json_object_get(tree, "instance");
    cr_expect_str_eq(json_string_value(json_object_get(entry, "status")), "DOWN");
    cr_expect_null(json_object_get(entry, "overriddenStatus"), "the server would keep it as an operator's override");
    cr_expect_str_eq(json_string_value(json_object_get(entry, "ipAddr")), "2001:db8::1", "without brackets");
    json_decref(tree);
}

Test(eureka_wire, text_that_is_not_utf_8_still_registers)
{
    struct registration_spec own = spec;
    own.version = "1\xff";
    own.tags = "a\"b";
    json_t *tree = registration_new(&own, "10.0.0.1", INSTANCE_PASSING);
    const json_t *metadata = json_object_get(json_object_get(tree, "instance"), "metadata");
    cr_expect_str_eq(json_string_value(json_object_get(metadata, "version")), "1\xef\xbf\xbd");
    cr_expect_str_eq(json_string_value(json_object_get(metadata, "tags")), "a\"b");
    json_decref(tree);
}

/* The server adds the duration a second time, from the first heartbeat on. */
Test(eureka_wire, lease_outlives_two_lost_heartbeats)
{
    struct registration_spec own = spec;
    cr_expect_eq(eureka_lease_seconds(&own), 15);
    own.check_interval_ms = 1000;
    cr_expect_eq(eureka_lease_seconds(&own), 2, "rounded up");
}

/* --- The list ------------------------------------------------------------------------------ */

Test(eureka_wire, list_shows_the_instance)
{
    struct instance_list *list = parse_fixture_new("app.json");
    cr_assert_eq(list->count, 1);
    const struct instance *found = &list->at[0];
    cr_expect_str_eq(found->id, "h1:orders:8080");
    cr_expect_str_eq(found->address, "10.0.0.1");
    cr_expect_eq(found->port, 8080);
    cr_expect_str_eq(found->zone, "z1");
    cr_expect_str_eq(found->version, "1.2");
    cr_expect_eq(found->weight, 5);
    cr_expect_eq(found->status, INSTANCE_PASSING);
    cr_expect_not(found->maintenance);
    instance_list_unref(list);
}

Test(eureka_wire, list_drops_only_what_cannot_be_used)
{
    struct instance_list *list = parse_fixture_new("app_odd.json");
    cr_expect_eq(list->count, 4);
    cr_expect_eq(list->dropped, 7);
    cr_expect(strstr(list->dropped_why, "port_text"), "%s", list->dropped_why);
    cr_expect(strstr(list->dropped_why, "http port"), "%s", list->dropped_why);

    const struct instance *without_id = instance_list_find(list, "h1.local"), *ipv6 = instance_list_find(list, "f_ip6");
    cr_assert(without_id && ipv6);
    cr_expect_str_eq(without_id->version, "", "the @class of an empty map is not metadata");
    cr_expect_str_eq(ipv6->address, "2001:db8::1");
    cr_expect_null(instance_list_find(list, "f_port_disabled"));
    const struct instance *unknown = instance_list_find(list, "b20");
    cr_expect(unknown && unknown->status == INSTANCE_CRITICAL && !unknown->maintenance, "its status is UNKNOWN");
    instance_list_unref(list);
}

static const struct status_case {
    const char *status, *overridden;
    enum instance_status expected;
    bool maintenance;
} cases[] = {
    {"\"UP\"", "\"UNKNOWN\"", INSTANCE_PASSING, false},
    {"\"UP\"", "null", INSTANCE_PASSING, false},
    {"\"DOWN\"", "\"UNKNOWN\"", INSTANCE_CRITICAL, false},
    {"\"STARTING\"", "\"UNKNOWN\"", INSTANCE_CRITICAL, false},
    {"\"up\"", "\"UNKNOWN\"", INSTANCE_CRITICAL, false},
    {"\"OUT_OF_SERVICE\"", "\"UNKNOWN\"", INSTANCE_CRITICAL, true},
    {"\"OUT_OF_SERVICE\"", "\"OUT_OF_SERVICE\"", INSTANCE_CRITICAL, true},
    {"\"DOWN\"", "\"OUT_OF_SERVICE\"", INSTANCE_CRITICAL, true}, /* recorded: own_down_out_of_service.json */
};

Test(eureka_wire, operator_takes_an_instance_out)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char entry[300];
        snprintf(entry, sizeof entry,
                 "{\"instanceId\":\"a\",\"ipAddr\":\"10.0.0.1\",\"status\":%s,\"overriddenStatus\":%s,"
                 "\"port\":{\"$\":80,\"@enabled\":\"true\"}}",
                 cases[i].status, cases[i].overridden);
        struct instance_list *list = parse_entry_new(entry);
        cr_assert(list && list->count == 1, "%s: %s", entry, err.text);
        cr_expect_eq(list->at[0].status, cases[i].expected, "%s", entry);
        cr_expect_eq(list->at[0].maintenance, cases[i].maintenance, "%s", entry);
        instance_list_unref(list);
    }
}

/* Other clients and servers write them so. */
Test(eureka_wire, numbers_may_be_text_and_the_flag_a_boolean)
{
    static const struct {
        const char *port;
        int expected; /* 0: dropped */
    } ports[] = {{"{\"$\":\"8080\",\"@enabled\":true}", 8080},
                 {"{\"$\":8080}", 8080},
                 {"{\"$\":8080,\"@enabled\":false}", 0},
                 {"{\"$\":\"8080x\",\"@enabled\":\"true\"}", 0},
                 {"{\"$\":99999999999999999999,\"@enabled\":\"true\"}", 0},
                 {"8080", 0},
                 {"null", 0},
                 {"{\"@enabled\":\"true\"}", 0}};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        char entry[300];
        snprintf(entry, sizeof entry, "{\"instanceId\":\"a\",\"ipAddr\":\"10.0.0.1\",\"status\":\"UP\",\"port\":%s}",
                 ports[i].port);
        struct instance_list *list = parse_entry_new(entry);
        cr_expect_eq(list ? list->at[0].port : 0, ports[i].expected, "%s", entry);
        instance_list_unref(list);
    }
}

Test(eureka_wire, tags_are_read_from_the_metadata)
{
    struct instance_list *list = parse_entry_new(
        "{\"instanceId\":\"a\",\"ipAddr\":\"10.0.0.1\",\"status\":\"UP\",\"port\":{\"$\":80},"
        "\"metadata\":{\"tags\":\"v1,canary\"}}");
    cr_assert(list && list->count == 1, "%s", err.text);
    cr_expect_str_eq(list->at[0].tags, "v1,canary");
    instance_list_unref(list);
}

Test(eureka_wire, metadata_of_other_applications_is_harmless)
{
    static const struct {
        const char *metadata;
        int weight;
        const char *zone;
    } rows[] = {{"{\"weight\":\"heavy\",\"zone\":\"a\"}", 1, "a"},
                {"{\"weight\":7,\"zone\":8}", 7, ""},
                {"{\"weight\":\"-1\"}", 1, ""},
                {"{\"weight\":\"99999999999999999999\"}", 65535, ""},
                {"null", 1, ""},
                {"[]", 1, ""},
                {"\"text\"", 1, ""}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char entry[300];
        snprintf(entry, sizeof entry,
                 "{\"instanceId\":\"a\",\"ipAddr\":\"10.0.0.1\",\"status\":\"UP\",\"port\":{\"$\":80},"
                 "\"metadata\":%s}",
                 rows[i].metadata);
        struct instance_list *list = parse_entry_new(entry);
        cr_assert(list, "%s: %s", entry, err.text);
        cr_expect_eq(list->at[0].weight, rows[i].weight, "%s", entry);
        cr_expect_str_eq(list->at[0].zone, rows[i].zone, "%s", entry);
        instance_list_unref(list);
    }
}

Test(eureka_wire, brackets_around_ipv6_do_not_count)
{
    struct instance_list *list =
        parse_entry_new("{\"instanceId\":\"a\",\"ipAddr\":\"[2001:db8::1]\",\"status\":\"UP\",\"port\":{\"$\":80}}");
    cr_assert(list, "%s", err.text);
    cr_expect_str_eq(list->at[0].address, "2001:db8::1");
    instance_list_unref(list);
    list = parse_entry_new("{\"hostName\":\"[::2]\",\"instanceId\":\"a\",\"status\":\"UP\",\"port\":{\"$\":80}}");
    cr_assert(list, "%s", err.text);
    cr_expect_str_eq(list->at[0].address, "::2", "the host's name, without an address");
    instance_list_unref(list);
}

Test(eureka_wire, list_that_is_not_whole_is_an_error)
{
    char *body = fixture_new("app.json");
    for (size_t len = strlen(body) - 2; len > 0; len -= len > 40 ? 37 : 1) {
        body[len] = '\0';
        struct instance_list *list = parse_new(body);
        cr_expect_null(list, "the first %zu bytes", len);
        instance_list_unref(list);
    }
    free(body);
    cr_expect_null(parse_new("<application><name>ORDERS</name></application>"), "XML");
    cr_expect_null(parse_new("{\"application\":{\"name\":\"ORDERS\"}}"), "no list");
    cr_expect_null(parse_new("{\"application\":{\"instance\":[{\"instanceId\":\"\xff\"}]}}"), "not UTF-8");
}

/* Old servers write so; the code is written from hearsay, without a recording. */
Test(eureka_wire, one_instance_may_stand_without_an_array)
{
    struct instance_list *list = parse_new("{\"application\":{\"name\":\"ORDERS\",\"instance\":{\"instanceId\":\"a\","
                                           "\"ipAddr\":\"10.0.0.1\",\"status\":\"UP\",\"port\":{\"$\":80}}}}");
    cr_assert(list, "%s", err.text);
    cr_expect_eq(list->count, 1);
    instance_list_unref(list);
}

Test(eureka_wire, empty_application_is_an_empty_list)
{
    struct instance_list *list = parse_new("{\"application\":{\"name\":\"ORDERS\",\"instance\":[]}}");
    cr_assert(list, "%s", err.text);
    cr_expect_eq(list->count, 0);
    instance_list_unref(list);
}

/* --- Our own entry ------------------------------------------------------------------------- */

static const char *difference_of(const char *body, const struct registration_spec *own, const char *address,
                                 enum instance_status status)
{
    const char *difference = NULL;
    err_clear(&err);
    cr_expect_eq(eureka_parse_own(body, strlen(body), own, address, status, &difference, &err), 0, "%s", err.text);
    return difference;
}

static void expect_difference(const char *fixture, const struct registration_spec *own, const char *address,
                              enum instance_status status, const char *expected)
{
    char *body = fixture_new(fixture);
    cr_expect_str_eq(difference_of(body, own, address, status), expected, "%s", fixture);
    free(body);
}

Test(eureka_wire, own_entry_is_compared_with_what_was_registered)
{
    struct registration_spec own = spec;
    expect_difference("own_out_of_service.json", &own, "10.0.0.1", INSTANCE_PASSING, "");
    expect_difference("own_down_out_of_service.json", &own, "10.0.0.1", INSTANCE_PASSING, "");
    expect_difference("own_out_of_service.json", &own, "10.0.0.2", INSTANCE_PASSING, "its address is another one");
    own.port = 8081;
    expect_difference("own_out_of_service.json", &own, "10.0.0.1", INSTANCE_PASSING, "its port is another one");
    own = spec;
    own.weight = 6;
    expect_difference("own_out_of_service.json", &own, "10.0.0.1", INSTANCE_PASSING, "its metadata is not ours");
    own = spec;
    own.tags = "c";
    expect_difference("own_out_of_service.json", &own, "10.0.0.1", INSTANCE_PASSING, "its metadata is not ours");
}

Test(eureka_wire, lost_override_is_a_difference)
{
    struct registration_spec own = spec;
    struct buf body = BUF_INIT(16 * 1024);
    own.maintenance = MAINTENANCE_ON;
    expect_difference("own_out_of_service.json", &own, "10.0.0.1", INSTANCE_PASSING, "");
    cr_expect(eureka_add_registration(&body, &own, "10.0.0.1", INSTANCE_PASSING));
    cr_expect_str_eq(difference_of(buf_text(&body), &own, "10.0.0.1", INSTANCE_PASSING), "its status is not ours");
    buf_close(&body);
}

Test(eureka_wire, text_that_is_not_utf_8_is_no_difference)
{
    struct registration_spec own = spec;
    struct buf body = BUF_INIT(16 * 1024);
    own.version = "1\xff";
    cr_expect(eureka_add_registration(&body, &own, "10.0.0.1", INSTANCE_PASSING));
    cr_expect_str_eq(difference_of(buf_text(&body), &own, "10.0.0.1", INSTANCE_PASSING), "");
    own.version = "2\xff";
    cr_expect_str_eq(difference_of(buf_text(&body), &own, "10.0.0.1", INSTANCE_PASSING), "its metadata is not ours");
    buf_close(&body);
}

/* A server keeps an entry whose timestamp is newer than its own clock. */
Test(eureka_wire, status_that_the_server_has_kept_is_a_difference)
{
    struct buf body = BUF_INIT(16 * 1024);
    cr_expect(eureka_add_registration(&body, &spec, "10.0.0.1", INSTANCE_PASSING));
    cr_expect_str_eq(difference_of(buf_text(&body), &spec, "10.0.0.1", INSTANCE_PASSING), "");
    cr_expect_str_eq(difference_of(buf_text(&body), &spec, "10.0.0.1", INSTANCE_CRITICAL), "its status is not ours");
    buf_close(&body);
}

Test(eureka_wire, reply_that_is_not_an_instance_is_an_error)
{
    static const char *const bad[] = {
        "", "[]", "{}", "{\"instance\":[]}", "{\"instance\":{\"instanceId\":\"a\"", "<instance/>"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *difference = NULL;
        err_clear(&err);
        cr_expect_eq(eureka_parse_own(bad[i], strlen(bad[i]), &spec, "", INSTANCE_PASSING, &difference, &err), -1, "%s",
                     bad[i]);
        cr_expect_eq(err.code, ERR_PROTOCOL);
    }
}

/* --- Errors -------------------------------------------------------------------------------- */

/* The bodies are recorded. */
Test(eureka_wire, reason_of_an_error_is_found)
{
    static const struct {
        const char *body, *reason;
    } rows[] = {
        {"Missing hostname", "Missing hostname"},
        {"Mismatched appName, expecting BAD but was OTHER", "Mismatched appName, expecting BAD but was OTHER"},
        {"{\"error\": \"cannot parse request body\"}", "cannot parse request body"},
        {"{\"timestamp\":\"2026-11-29T09:11:55.407Z\",\"status\":500,\"error\":\"Internal Server "
         "Error\",\"path\":\"/eureka/apps\"}",
         "Internal Server Error"},
        {"Bad Request\r\nThis combination of host and port requires TLS.\r\n",
         "Bad Request This combination of host and port requires TLS."},
        {"<!doctype html><html lang=\"en\"><head>", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char reason[160];
        eureka_parse_reason(rows[i].body, strlen(rows[i].body), reason, sizeof reason);
        cr_expect_str_eq(reason, rows[i].reason);
    }
}
