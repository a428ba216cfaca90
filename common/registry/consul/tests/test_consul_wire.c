/* consul_wire.c and consul_list.c: recorded replies (fixtures/, of Consul 1.8.7), and invalid ones. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/place.h"
#include "net/json.h"
#include "registry/consul/consul_list.h"
#include "registry/consul/consul_wire.h"

TestSuite(consul_wire, .timeout = 300);

static char *fixture_new(const char *name, size_t *len)
{
    char root[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 100];
    source_path(root);
    snprintf(path, sizeof path, "%s/common/registry/consul/tests/fixtures/%s", root, name);
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    char *text = calloc(1, 64 * 1024);
    *len = fread(text, 1, 64 * 1024 - 1, file);
    fclose(file);
    return text;
}

/* In pieces of `piece` bytes. Each is copied to its exact size, so that AddressSanitizer sees a read past it. */
static int read_pieces(const char *body, size_t len, size_t piece, bool skim, struct instance_list **list,
                       struct err *err)
{
    struct list_parser parser;
    int status = consul_list_begin(&parser, err);
    parser.skim = skim;
    for (size_t at = 0; status == 0 && at < len; at += piece) {
        size_t size = len - at < piece ? len - at : piece;
        char *exact = malloc(size);
        memcpy(exact, body + at, size);
        status = list_parser_feed(&parser, exact, size, err);
        free(exact);
    }
    if (status == 0)
        status = list_parser_end(&parser, list, err);
    list_parser_close(&parser);
    return status;
}

/* NULL with err. */
static struct instance_list *parse_pieces(const char *body, size_t len, size_t piece, struct err *err)
{
    struct instance_list *list = NULL;
    return read_pieces(body, len, piece, false, &list, err) == 0 ? list : NULL;
}

static struct instance_list *parse(const char *body, struct err *err)
{
    return parse_pieces(body, strlen(body), 1, err);
}

/* --- Recorded lists ------------------------------------------------------------------------ */

static const struct instance *entry(const struct instance_list *list, const char *id)
{
    const struct instance *found = instance_list_find(list, id);
    cr_assert_not_null(found, "%s", id);
    return found;
}

Test(consul_wire, recorded_list_with_every_state_is_parsed)
{
    struct err err = ERR_INIT;
    size_t len;
    char *body = fixture_new("health_user_service.json", &len);
    struct instance_list *list = parse_pieces(body, len, 1, &err);
    cr_assert(list, "%s", err.text);
    free(body);
    cr_expect_eq(list->count, 6);
    cr_expect_eq(list->dropped, 0);

    const struct instance *full = entry(list, "u-1");
    cr_expect_str_eq(full->address, "10.0.0.1");
    cr_expect_eq(full->port, 8001);
    cr_expect_eq(full->weight, 3);
    cr_expect_str_eq(full->version, "1.0.0");
    cr_expect_str_eq(full->zone, "a");
    cr_expect_str_eq(full->tags, "v1,c");
    cr_expect_eq(full->status, INSTANCE_PASSING);

    const struct instance *bare = entry(list, "u-2");
    cr_expect_str_eq(bare->address, "127.0.0.1", "the node's address, because the service's is empty");
    cr_expect_eq(bare->status, INSTANCE_WARNING);
    cr_expect_str_eq(bare->zone, "");

    cr_expect_str_eq(entry(list, "u-3")->address, "fd00::3");
    cr_expect(entry(list, "u-4")->maintenance);
    cr_expect_eq(entry(list, "u-4")->status, INSTANCE_PASSING);
    cr_expect_eq(entry(list, "u-5")->status, INSTANCE_CRITICAL);
    cr_expect_not(entry(list, "u-5")->node_down);

    const struct instance *gone = entry(list, "g-1");
    cr_expect(gone->node_down);
    cr_expect_eq(gone->status, INSTANCE_CRITICAL);
    cr_expect_eq(gone->weight, 2);
    cr_expect_eq(gone->warning_weight, 1, "Consul turns a weight that was left out into 0");
    instance_list_unref(list);
}

Test(consul_wire, node_in_maintenance_includes_all_its_instances)
{
    struct err err = ERR_INIT;
    size_t len;
    char *body = fixture_new("health_node_maintenance.json", &len);
    struct instance_list *list = parse_pieces(body, len, 64 * 1024, &err);
    cr_assert(list, "%s", err.text);
    cr_expect(entry(list, "o-1")->maintenance);
    cr_expect(entry(list, "o-2")->maintenance);
    instance_list_unref(list);
    free(body);
}

Test(consul_wire, empty_list_is_valid)
{
    struct err err = ERR_INIT;
    size_t len;
    char *body = fixture_new("health_empty.json", &len);
    struct instance_list *list = parse_pieces(body, len, 1, &err);
    cr_assert(list, "%s", err.text);
    cr_expect_eq(list->count, 0);
    instance_list_unref(list);
    free(body);
}

Test(consul_wire, list_that_is_cut_off_anywhere_is_an_error)
{
    size_t len;
    char *body = fixture_new("health_user_service.json", &len);
    while (strchr(" \r\n\t", body[len - 1]))
        len--;
    for (size_t cut = 0; cut < len; cut += 7) {
        struct err err = ERR_INIT;
        struct instance_list *none = NULL;
        cr_assert_null(parse_pieces(body, cut, 1, &err), "cut at %zu", cut);
        cr_assert_eq(err.code, ERR_PROTOCOL);
        cr_assert_neq(read_pieces(body, cut, 100, true, &none, &err), 0, "skimmed, cut at %zu", cut);
    }
    free(body);
}

Test(consul_wire, pieces_of_any_size_give_the_same_list)
{
    size_t len;
    char *body = fixture_new("health_user_service.json", &len);
    struct err err = ERR_INIT;
    struct instance_list *whole = parse_pieces(body, len, len, &err);
    for (size_t piece = 1; piece < 6000; piece += 997) {
        struct instance_list *list = parse_pieces(body, len, piece, &err);
        cr_expect(list && instance_list_equal(whole, list), "%s", err.text);
        instance_list_unref(list);
    }
    instance_list_unref(whole);
    free(body);
}

Test(consul_wire, skimmed_list_must_be_complete_and_gives_no_list)
{
    static const char *const wholes[] = {"[]", " [ ] ", "[{\"a\":\"]\\\"}\"},1]\n", "[[[]],{}]"};
    static const char *const parts[] = {"", "[", "[{}", "[{},", "[{},]", "[,]", "[{\"a]", "[\"\\\"]", "[]]", "{}", "[] x"};
    struct instance_list *list = NULL;
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
        struct err err = ERR_INIT;
        cr_expect_eq(read_pieces(wholes[i], strlen(wholes[i]), 1, true, &list, &err), 0, "%s: %s", wholes[i], err.text);
        cr_expect_null(list);
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct err err = ERR_INIT;
        cr_expect_eq(read_pieces(parts[i], strlen(parts[i]), 1, true, &list, &err), -1, "%s", parts[i]);
        cr_expect_eq(err.code, ERR_PROTOCOL);
    }
}

/* --- Invalid lists ------------------------------------------------------------------------------ */

#define GOOD "{\"Service\":{\"ID\":\"good\",\"Address\":\"10.0.0.1\",\"Port\":80}}"
#define GOOD_TOO "{\"Service\":{\"ID\":\"good too\",\"Address\":\"10.0.0.2\",\"Port\":80}}"

Test(consul_wire, body_that_is_not_a_json_array_is_an_error)
{
    static const char *const bodies[] = {"", "null", "{}", "[", "[,]", "[" GOOD ",]", "[" GOOD "]]", "[" GOOD "] x",
                                         "[" GOOD " " GOOD "]", "[{]}", "[{\"a\":\"\\", "No cluster leader"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct err err = ERR_INIT;
        cr_expect_null(parse(bodies[i], &err), "%s", bodies[i]);
        cr_expect_eq(err.code, ERR_PROTOCOL, "%s: %s", bodies[i], err.text);
    }
}

/* Why this entry, between two good ones, is dropped; "" if it is not. */
static const char *why_dropped(const char *text)
{
    static char why[160];
    struct err err = ERR_INIT;
    struct buf body = BUF_INIT(1024 * 1024);
    buf_addf(&body, "[ " GOOD " ,\n%s\t, " GOOD_TOO " ]\n", text);
    struct instance_list *list = parse(buf_text(&body), &err);
    cr_assert(list, "%s: %s", text, err.text);
    cr_expect(instance_list_find(list, "good") && instance_list_find(list, "good too"), "%s", text);
    cr_expect_eq(list->count + list->dropped, 3, "%s", text);
    snprintf(why, sizeof why, "%s", list->dropped_why);
    instance_list_unref(list);
    buf_close(&body);
    return why;
}

Test(consul_wire, unusable_entry_is_dropped_without_the_others)
{
    static const struct {
        const char *entry, *why;
    } cases[] = {
        {"7", "(no id): it has no service with an id"},
        {"null", "(no id): it has no service with an id"},
        {"{\"Service\":[]}", "(no id): it has no service with an id"},
        {"{\"Service\":{\"ID\":7}}", "(no id): it has no service with an id"},
        {"{\"Service\":{\"Address\":\"a\",\"Port\":1}}", "(no id): no id"},
        {"{\"Service\":{\"ID\":\"x\",\"Address\":\"a b\",\"Port\":1}}",
         "x: the address a b is neither an IP address nor a host name"},
        {"{\"Service\":{\"ID\":\"x\",\"Address\":[],\"Port\":1}}", "x: its address is not text"},
        {"{\"Service\":{\"ID\":\"x\",\"Port\":1},\"Node\":{\"Address\":1}}", "x: its node's address is not text"},
        {"{\"Service\":{\"ID\":\"x\",\"Port\":1}}", "x: no address"},
        {"{\"Service\":{\"ID\":\"x\",\"Address\":\"a\"}}", "x: its port is not 1 to 65535"},
        {"{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":65536}}", "x: its port is not 1 to 65535"},
        {"{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":\"80\"}}", "x: its port is not 1 to 65535"},
        {"{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":1,\"Meta\":[]}}", "x: its metadata is not text"},
        {"{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":1,\"Meta\":{\"zone\":1}}}", "x: its metadata is not text"},
        {"{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":1,\"Tags\":\"v1\"}}", "x: its tags are not a list of texts"},
        {"{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":1,\"Weights\":{\"Passing\":\"1\"}}}",
         "x: its weights are not whole numbers"},
        {"{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":1},\"Checks\":{}}", "x: its checks have no status"},
        {"{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":1},\"Checks\":[{\"CheckID\":\"c\"}]}",
         "x: its checks have no status"},
        {"{\"Service\":{\"ID\":\"x\\u0000y\",\"Address\":\"a\",\"Port\":1}}", "(no id): line 1"},
        {"{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":1e999}}", "(no id): line 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *why = why_dropped(cases[i].entry);
        cr_expect(strncmp(why, cases[i].why, strlen(cases[i].why)) == 0, "%s: %s", cases[i].entry, why);
    }
}

Test(consul_wire, null_members_mean_the_defaults)
{
    struct err err = ERR_INIT;
    struct instance_list *list =
        parse("[{\"Node\":null,\"Checks\":null,\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":1,"
              "\"Tags\":null,\"Meta\":null,\"Weights\":null}}]",
              &err);
    cr_assert(list, "%s", err.text);
    const struct instance *x = entry(list, "x");
    cr_expect_eq(x->weight, 1);
    cr_expect_eq(x->warning_weight, 1);
    cr_expect_eq(x->status, INSTANCE_PASSING);
    cr_expect_str_eq(x->version, "");
    cr_expect_str_eq(x->tags, "");
    instance_list_unref(list);
}

Test(consul_wire, weights_are_limited_to_1_to_65535)
{
    struct err err = ERR_INIT;
    struct instance_list *list = parse("[{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":1,"
                                       "\"Weights\":{\"Passing\":0,\"Warning\":70000}}},"
                                       "{\"Service\":{\"ID\":\"y\",\"Address\":\"a\",\"Port\":1,"
                                       "\"Weights\":{\"Passing\":65535,\"Warning\":-3}}}]",
                                       &err);
    cr_assert(list, "%s", err.text);
    cr_expect_eq(entry(list, "x")->weight, 1);
    cr_expect_eq(entry(list, "x")->warning_weight, 65535);
    cr_expect_eq(entry(list, "y")->weight, 65535);
    cr_expect_eq(entry(list, "y")->warning_weight, 1);
    instance_list_unref(list);
}

Test(consul_wire, worst_check_decides_and_unknown_is_critical)
{
    struct err err = ERR_INIT;
    struct instance_list *list =
        parse("[{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":1},\"Checks\":["
              "{\"CheckID\":\"1\",\"Status\":\"warning\"},{\"CheckID\":\"2\",\"Status\":\"passing\"}]},"
              "{\"Service\":{\"ID\":\"y\",\"Address\":\"a\",\"Port\":1},\"Checks\":["
              "{\"CheckID\":\"1\",\"Status\":\"upside-down\"}]},"
              "{\"Service\":{\"ID\":\"z\",\"Address\":\"a\",\"Port\":1},\"Checks\":["
              "{\"CheckID\":\"_service_maintenance:z\",\"Status\":\"passing\"}]}]",
              &err);
    cr_assert(list, "%s", err.text);
    cr_expect_eq(entry(list, "x")->status, INSTANCE_WARNING);
    cr_expect_eq(entry(list, "y")->status, INSTANCE_CRITICAL);
    cr_expect_not(entry(list, "z")->maintenance);
    instance_list_unref(list);
}

Test(consul_wire, quotes_and_brackets_in_text_do_not_end_an_entry)
{
    cr_expect_str_eq(why_dropped("{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":1},\"Checks\":["
                                 "{\"CheckID\":\"c\",\"Status\":\"passing\",\"Output\":\"}\\\"],[\\\\\"}]}"),
                     "");
}

Test(consul_wire, list_without_usable_entry_is_an_error)
{
    struct err err = ERR_INIT;
    cr_expect_null(parse("[{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":0}},1]", &err));
    cr_expect_eq(err.code, ERR_PROTOCOL);
    cr_expect_str_eq(err.text, "no entry of the list can be used: x: its port is not 1 to 65535");
}

Test(consul_wire, entry_over_256_kib_is_dropped)
{
    struct buf text = BUF_INIT(1024 * 1024);
    buf_adds(&text, "{\"Service\":{\"ID\":\"x\",\"Address\":\"a\",\"Port\":1,\"Meta\":{\"m\":\"");
    while (text.len < 260 * 1024)
        buf_adds(&text, "0123456789abcdef");
    buf_adds(&text, "\"}}}");
    cr_expect_str_eq(why_dropped(buf_text(&text)), "(no id): its entry is over 256 KiB");
    buf_close(&text);
}

Test(consul_wire, list_with_over_100000_entries_is_an_error)
{
    struct buf body = BUF_INIT(1024 * 1024);
    struct err err = ERR_INIT;
    struct instance_list *none = NULL;
    buf_adds(&body, "[{}");
    for (int i = 0; i < 100 * 1000; i++)
        buf_adds(&body, ",{}");
    buf_adds(&body, "]");
    cr_expect_null(parse_pieces(buf_text(&body), body.len, 16 * 1024, &err));
    cr_expect_eq(err.code, ERR_TOO_LARGE, "%s", err.text);
    err_clear(&err);
    cr_expect_eq(read_pieces(buf_text(&body), body.len, 16 * 1024, true, &none, &err), -1, "skimming has the same limit");
    buf_close(&body);
}

Test(consul_wire, brackets_without_end_are_an_error)
{
    struct buf body = BUF_INIT(1024 * 1024);
    struct err err = ERR_INIT;
    for (int i = 0; i < 200 * 1000; i++)
        buf_adds(&body, "[");
    cr_expect_null(parse(buf_text(&body), &err));
    cr_expect_eq(err.code, ERR_PROTOCOL);
    buf_close(&body);
}

/* --- The index ------------------------------------------------------------------------------------ */

Test(consul_wire, index_follows_consuls_rules)
{
    cr_expect_eq(consul_next_index(0, "81"), 81);
    cr_expect_eq(consul_next_index(81, "81"), 81);
    cr_expect_eq(consul_next_index(81, "82"), 82);
    cr_expect_eq(consul_next_index(81, "80"), 0, "a lower index starts from 0");
    cr_expect_eq(consul_next_index(0, "0"), 1, "Consul does not block on 0");
    cr_expect_eq(consul_next_index(1, "0"), 1);
    cr_expect_eq(consul_next_index(0, "18446744073709551615"), UINT64_MAX);
    cr_expect_eq(consul_next_index(5, "18446744073709551616"), 0);
    cr_expect_eq(consul_next_index(5, ""), 0);
    cr_expect_eq(consul_next_index(5, "abc"), 0);
    cr_expect_eq(consul_next_index(5, "12x"), 0);
    cr_expect_eq(consul_next_index(5, "-1"), 0);
}

/* --- A registration ----------------------------------------------------------------------------------- */

static struct registration_spec make_spec(enum check_kind check)
{
    return (struct registration_spec){
        .service = "user-service", .id = "u-1", .address = "", .port = 8001, .tags = "v1, c,,", .version = "1.0",
        .zone = "", .weight = 3, .check = check, .grpc_port = 9001, .check_interval_ms = 10000,
        .check_timeout_ms = 1500, .deregister_after_ms = 300000};
}

static void expect_body(const struct registration_spec *spec, const char *address, const char *expected)
{
    struct buf out = BUF_INIT(4096);
    struct err err = ERR_INIT;
    cr_expect(consul_add_registration(&out, spec, address));
    cr_expect_str_eq(buf_text(&out), expected);
    json_t *tree = json_parse_new(buf_text(&out), out.len, &err);
    cr_expect(tree, "%s", err.text);
    json_decref(tree);
    buf_close(&out);
}

#define HEAD "{\"ID\":\"u-1\",\"Name\":\"user-service\",\"Tags\":[\"v1\",\"c\"],\"Address\":"
#define MIDDLE ",\"Port\":8001,\"Meta\":{\"version\":\"1.0\"},\"Weights\":{\"Passing\":3,\"Warning\":1}"
#define PROBE(target)                                                                                        \
    ",\"Interval\":\"10s\",\"Timeout\":\"1500ms\",\"SuccessBeforePassing\":1,\"FailuresBeforeCritical\":2"             \
    REAP(target " every 10s, timeout 1500ms")
#define REAP(notes) ",\"DeregisterCriticalServiceAfter\":\"300s\",\"Notes\":\"" notes ", reaped after 300s\"}}"
#define CHECK ",\"Check\":{\"CheckID\":\"service:u-1\","

/* It also has its definition as its notes, both weights and the anti-flap numbers. Without them an instance in warning would get no calls,
 * and one failed check would make an instance critical. */
Test(consul_wire, registration_has_a_check_of_each_kind)
{
    struct registration_spec spec = make_spec(CHECK_HTTP);
    expect_body(&spec, "10.0.0.1",
                HEAD "\"10.0.0.1\"" MIDDLE CHECK "\"HTTP\":\"http://10.0.0.1:8001/health\"" PROBE("http http://10.0.0.1:8001/health"));
    expect_body(&spec, "fd00::1",
                HEAD "\"fd00::1\"" MIDDLE CHECK "\"HTTP\":\"http://[fd00::1]:8001/health\"" PROBE("http http://[fd00::1]:8001/health"));
    spec = make_spec(CHECK_TCP);
    expect_body(&spec, "10.0.0.1", HEAD "\"10.0.0.1\"" MIDDLE CHECK "\"TCP\":\"10.0.0.1:8001\"" PROBE("tcp 10.0.0.1:8001"));
    spec = make_spec(CHECK_GRPC);
    expect_body(&spec, "::1", HEAD "\"::1\"" MIDDLE CHECK "\"GRPC\":\"[::1]:9001\"" PROBE("grpc [::1]:9001"));
    spec = make_spec(CHECK_TTL);
    expect_body(&spec, "10.0.0.1", HEAD "\"10.0.0.1\"" MIDDLE CHECK "\"TTL\":\"30s\"" REAP("ttl 30s"));
    spec = make_spec(CHECK_NONE);
    expect_body(&spec, "10.0.0.1", HEAD "\"10.0.0.1\"" MIDDLE "}");
}

Test(consul_wire, registration_has_zone_and_version_if_set)
{
    struct registration_spec spec = make_spec(CHECK_NONE);
    spec.tags = "";
    spec.zone = "a\"b";
    expect_body(&spec, "a", "{\"ID\":\"u-1\",\"Name\":\"user-service\",\"Tags\":[],\"Address\":\"a\",\"Port\":8001,"
                            "\"Meta\":{\"version\":\"1.0\",\"zone\":\"a\\\"b\"},"
                            "\"Weights\":{\"Passing\":3,\"Warning\":1}}");
    spec.version = "";
    expect_body(&spec, "a", "{\"ID\":\"u-1\",\"Name\":\"user-service\",\"Tags\":[],\"Address\":\"a\",\"Port\":8001,"
                            "\"Meta\":{\"zone\":\"a\\\"b\"},\"Weights\":{\"Passing\":3,\"Warning\":1}}");
}

/* Its own check goes on. The check of the maintenance comes with the registration, as callers may read the list at
 * any time. */
Test(consul_wire, maintenance_comes_with_the_registration)
{
    struct registration_spec spec = make_spec(CHECK_TTL);
    spec.maintenance = MAINTENANCE_ON;
    spec.maintenance_reason = "new \"disk\"";
    static const char ours[] = HEAD "\"10.0.0.1\"" MIDDLE CHECK "\"TTL\":\"30s\"" REAP("ttl 30s");
    char expected[2000];
    snprintf(expected, sizeof expected, "%.*s%s", (int)sizeof ours - 2, ours,
             ",\"Checks\":[{\"CheckID\":\"_service_maintenance:u-1\",\"Name\":\"Service Maintenance Mode\","
             "\"Notes\":\"new \\\"disk\\\"\",\"TTL\":\"24h\",\"Status\":\"critical\"}]}");
    expect_body(&spec, "10.0.0.1", expected);
    spec.maintenance = MAINTENANCE_OFF;
    expect_body(&spec, "10.0.0.1", ours);
}

Test(consul_wire, text_that_is_not_utf8_is_registered_with_u_fffd)
{
    struct registration_spec spec = make_spec(CHECK_NONE);
    spec.tags = "a\xff, b";
    spec.version = "\xc3";
    expect_body(&spec, "a", "{\"ID\":\"u-1\",\"Name\":\"user-service\",\"Tags\":[\"a\xef\xbf\xbd\",\"b\"],\"Address\":\"a\","
                            "\"Port\":8001,\"Meta\":{\"version\":\"\xef\xbf\xbd\"},"
                            "\"Weights\":{\"Passing\":3,\"Warning\":1}}");
}

Test(consul_wire, registration_over_the_buffers_cap_is_an_error)
{
    struct registration_spec spec = make_spec(CHECK_HTTP);
    for (size_t cap = 0; cap < 300; cap++) {
        struct buf out = BUF_INIT(cap);
        cr_expect_not(consul_add_registration(&out, &spec, "10.0.0.1"));
        buf_close(&out);
    }
}

/* --- The result of our own check ------------------------------------------------------------------------ */

static bool own_health(const char *name, char *output, size_t size)
{
    struct err err = ERR_INIT;
    bool failing;
    size_t len;
    char *body = fixture_new(name, &len);
    cr_expect_eq(consul_parse_own_health(body, len, &failing, output, size, &err), 0, "%s", err.text);
    free(body);
    return failing;
}

Test(consul_wire, output_of_our_failing_check_is_parsed)
{
    char output[200];
    cr_expect(own_health("own_health_refused.json", output, sizeof output));
    cr_expect_str_eq(output, "Get \"http://127.0.0.1:1/health\": dial tcp 127.0.0.1:1: connect: connection refused");
    cr_expect_not(own_health("own_health_passing.json", output, sizeof output));
    cr_expect_str_eq(output, "");
    cr_expect_not(own_health("own_health_not_run_yet.json", output, sizeof output));
}

Test(consul_wire, output_of_a_check_becomes_one_line)
{
    static const char body[] = "{\"Checks\":[{\"Status\":\"critical\",\"Output\":\"HTTP 503\\nOutput: no\\u001b[31m\\r\\n\"}]}";
    struct err err = ERR_INIT;
    bool failing;
    char output[100];
    cr_expect_eq(consul_parse_own_health(body, strlen(body), &failing, output, sizeof output, &err), 0);
    cr_expect_str_eq(output, "HTTP 503 Output: no [31m");
    cr_expect_eq(consul_parse_own_health(body, strlen(body), &failing, output, 9, &err), 0);
    cr_expect_str_eq(output, "HTTP 503");
}

#define OLD_MAINTENANCE                                                                                                \
    "{\"Checks\":[{\"CheckID\":\"_service_maintenance:x\",\"Status\":\"critical\",\"Output\":\"TTL expired\"}]}"

Test(consul_wire, own_health_with_odd_members_is_not_failing)
{
    static const char *const bodies[] = {"null", "[]", "{\"Checks\":null}", "{\"Checks\":[1,null,{}]}",
                                         "{\"Checks\":[{\"Status\":1}]}",
                                         OLD_MAINTENANCE};
    struct err err = ERR_INIT;
    bool failing;
    char output[100];
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        cr_expect_eq(consul_parse_own_health(bodies[i], strlen(bodies[i]), &failing, output, sizeof output, &err), 0);
        cr_expect_not(failing, "%s", bodies[i]);
    }
    cr_expect_eq(consul_parse_own_health("x", 1, &failing, output, sizeof output, &err), -1);
}
