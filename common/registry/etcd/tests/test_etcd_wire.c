/* etcd_wire.c: recorded replies (fixtures/etcd_*, of etcd 3.4.23), and invalid ones. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/place.h"
#include "net/json.h"
#include "registry/base64.h"
#include "registry/etcd/etcd_wire.h"

TestSuite(etcd_wire, .timeout = 300);

static struct registration_spec spec = {.service = "user-service", .id = "u-1", .port = 8001, .tags = "v1,c",
                                        .version = "1.0", .zone = "a", .weight = 3, .check_interval_ms = 1000};

static char *fixture_new(const char *name, size_t *len)
{
    char root[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 100];
    source_path(root);
    snprintf(path, sizeof path, "%s/common/registry/etcd/tests/fixtures/%s", root, name);
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    char *text = calloc(1, 64 * 1024);
    *len = fread(text, 1, 64 * 1024 - 1, file);
    fclose(file);
    return text;
}

/* --- base64 ------------------------------------------------------------------------------- */

static void expect_base64(const char *bytes, size_t len, const char *text)
{
    struct buf out = BUF_INIT(100), back = BUF_INIT(100);
    cr_expect(base64_encode(&out, bytes, len));
    cr_expect_str_eq(buf_text(&out), text);
    cr_expect(base64_decode(&back, text, strlen(text)));
    cr_expect(back.len == len && memcmp(buf_text(&back), bytes, len) == 0, "%s", text);
    buf_close(&out);
    buf_close(&back);
}

Test(etcd_wire, base64_follows_rfc_4648)
{
    static const char *const vectors[][2] = {{"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},
                                             {"foo", "Zm9v"},  {"foob", "Zm9vYg=="},  {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        expect_base64(vectors[i][0], strlen(vectors[i][0]), vectors[i][1]);
    expect_base64("\0\xff\xfe\xfb\xef", 5, "AP/+++8=");
}

Test(etcd_wire, invalid_base64_is_rejected)
{
    static const char *const bad[] = {"Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9-", "Zm 9", "=m9v", "Z=9v"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf out = BUF_INIT(100);
        cr_expect_not(base64_decode(&out, bad[i], strlen(bad[i])), "%s", bad[i]);
        buf_close(&out);
    }
    struct buf small = BUF_INIT(2);
    cr_expect_not(base64_decode(&small, "Zm9v", 4), "over the cap");
    buf_close(&small);
}

/* --- Bodies of requests ------------------------------------------------------------------------ */

/* The text of a member in base64. */
static const char *decoded(const json_t *object, const char *key)
{
    static char text[1000];
    const char *value = json_string_value(json_object_get(object, key));
    struct buf out = BUF_INIT(sizeof text - 1);
    cr_assert(value && base64_decode(&out, value, strlen(value)), "%s", key);
    memcpy(text, buf_text(&out), out.len + 1);
    buf_close(&out);
    return text;
}

static json_t *sent_new(struct buf *body, bool added)
{
    cr_assert(added);
    json_t *tree = json_loadb(buf_text(body), body->len, 0, NULL);
    cr_assert(tree, "%s", buf_text(body));
    buf_close(body);
    return tree;
}

#define SENT_NEW(add, ...) ({ struct buf body_ = BUF_INIT(64 * 1024); bool added_ = add(&body_, __VA_ARGS__); sent_new(&body_, added_); })

Test(etcd_wire, registration_is_a_key_and_value_on_a_lease)
{
    char lease[32];
    snprintf(lease, sizeof lease, "%" PRId64, etcd_lease_id(&spec));
    json_t *put = SENT_NEW(etcd_add_put, &spec, "10.0.0.1", INSTANCE_CRITICAL);
    cr_expect_str_eq(decoded(put, "key"), "/services/user-service/u-1");
    cr_expect_str_eq(decoded(put, "value"), "{\"address\":\"10.0.0.1\",\"port\":8001,\"weight\":3,\"version\":\"1.0\","
                                            "\"zone\":\"a\",\"status\":\"critical\",\"tags\":\"v1,c\"}");
    cr_expect_str_eq(json_string_value(json_object_get(put, "lease")), lease);
    json_decref(put);

    json_t *grant = SENT_NEW(etcd_add_grant, &spec);
    cr_expect_str_eq(json_string_value(json_object_get(grant, "ID")), lease);
    cr_expect_str_eq(json_string_value(json_object_get(grant, "TTL")), "3", "3 × CHECK_INTERVAL");
    json_decref(grant);
}

Test(etcd_wire, lease_id_depends_only_on_key_and_length)
{
    struct registration_spec same = spec, other = spec, longer = spec;
    other.id = "u-2";
    longer.check_interval_ms = 1500;
    cr_expect_eq(etcd_lease_id(&same), etcd_lease_id(&spec));
    cr_expect_neq(etcd_lease_id(&other), etcd_lease_id(&spec));
    cr_expect_neq(etcd_lease_id(&longer), etcd_lease_id(&spec));
    cr_expect_gt(etcd_lease_id(&spec), 0);
    cr_expect_eq(etcd_lease_seconds(&longer), 5, "4.5 s, rounded up: etcd counts whole seconds");
}

Test(etcd_wire, list_is_requested_in_pages_of_one_service)
{
    struct etcd_page page = ETCD_PAGE_INIT;
    json_t *range = SENT_NEW(etcd_add_range, "user-service", &page);
    cr_expect_str_eq(decoded(range, "key"), "/services/user-service/");
    cr_expect_str_eq(decoded(range, "range_end"), "/services/user-service0");
    cr_expect_str_eq(json_string_value(json_object_get(range, "revision")), "0");
    json_decref(range);

    page.revision = 17;
    buf_adds(&page.last_key, "/services/user-service/u-9");
    range = SENT_NEW(etcd_add_range, "user-service", &page);
    struct buf key = BUF_INIT(100);
    const char *text = json_string_value(json_object_get(range, "key"));
    base64_decode(&key, text, strlen(text));
    cr_expect_eq(key.len, strlen("/services/user-service/u-9") + 1, "with a zero byte: the least key after it");
    cr_expect_str_eq(buf_text(&key), "/services/user-service/u-9");
    cr_expect_str_eq(json_string_value(json_object_get(range, "revision")), "17");
    json_decref(range);
    buf_close(&key);
    buf_close(&page.last_key);
}

Test(etcd_wire, change_query_requests_one_key_put_later)
{
    json_t *query = SENT_NEW(etcd_add_change_query, "user-service", 17);
    cr_expect_str_eq(decoded(query, "key"), "/services/user-service/");
    cr_expect_str_eq(decoded(query, "range_end"), "/services/user-service0");
    cr_expect_str_eq(json_string_value(json_object_get(query, "min_mod_revision")), "18");
    cr_expect_str_eq(json_string_value(json_object_get(query, "limit")), "1");
    json_decref(query);
}

static void expect_change(const char *reply, bool has_changed, uint64_t index)
{
    struct registry_cursor cursor = {.index = 17, .count = 3};
    struct err err = ERR_INIT;
    bool found;
    cr_expect_eq(etcd_parse_change_reply(reply, strlen(reply), &cursor, &found, &err), 0, "%s: %s", reply, err.text);
    cr_expect_eq(found, has_changed, "%s", reply);
    cr_expect_eq(cursor.index, index);
}

Test(etcd_wire, same_count_and_no_put_mean_no_change)
{
    struct registry_cursor cursor = {.index = 17, .count = 3};
    struct err err = ERR_INIT;
    bool found;
    expect_change("{\"header\":{\"revision\":\"17\"},\"count\":\"3\"}", false, 17);
    expect_change("{\"header\":{\"revision\":\"20\"},\"kvs\":[],\"count\":\"3\"}", false, 20);
    expect_change("{\"header\":{\"revision\":\"20\"},\"kvs\":[{\"key\":\"YQ==\"}],\"count\":\"3\"}", true, 20);
    expect_change("{\"header\":{\"revision\":\"20\"},\"count\":\"2\"}", true, 20);
    expect_change("{\"header\":{\"revision\":\"20\"}}", true, 20);
    expect_change("{\"header\":{\"revision\":\"16\"},\"count\":\"3\"}", true, 16);
    cr_expect_eq(etcd_parse_change_reply("{}", 2, &cursor, &found, &err), -1);
}

Test(etcd_wire, watch_begins_after_the_known_revision)
{
    json_t *watch = SENT_NEW(etcd_add_watch, "user-service", 17);
    const json_t *create = json_object_get(watch, "create_request");
    cr_expect_str_eq(decoded(create, "key"), "/services/user-service/");
    cr_expect_str_eq(decoded(create, "range_end"), "/services/user-service0");
    cr_expect_str_eq(json_string_value(json_object_get(create, "start_revision")), "18");
    json_decref(watch);
}

/* --- Lists ------------------------------------------------------------------------------------- */

/* Copies the body to its exact size, so that AddressSanitizer sees a read past it. */
static int parse(const char *body, size_t len, struct etcd_page *page, struct instance_list *list, struct err *err)
{
    char *exact = malloc(len ? len : 1);
    memcpy(exact, body, len);
    int rc = etcd_parse_page(exact, len, "user-service", page, list, err);
    free(exact);
    return rc;
}

static const struct instance *entry(struct instance_list *list, const char *id)
{
    const struct instance *found = instance_list_find(list, id);
    cr_assert_not_null(found, "%s", id);
    return found;
}

Test(etcd_wire, recorded_list_is_parsed_and_bad_entries_dropped)
{
    struct err err = ERR_INIT;
    struct etcd_page page = ETCD_PAGE_INIT;
    struct instance_list *list = instance_list_new();
    size_t len;
    char *body = fixture_new("etcd_range.json", &len);
    cr_assert_eq(parse(body, len, &page, list, &err), 0, "%s", err.text);
    instance_list_finish(list);
    cr_expect_eq(page.revision, 15);
    cr_expect_not(page.more);
    cr_expect_eq(list->count, 4);
    cr_expect_eq(list->dropped, 4, "%s", list->dropped_why);

    const struct instance *full = entry(list, "u-1");
    cr_expect_str_eq(full->address, "10.0.0.1");
    cr_expect_eq(full->port, 8001);
    cr_expect_eq(full->weight, 3);
    cr_expect_eq(full->warning_weight, 1);
    cr_expect_str_eq(full->version, "1.0.0");
    cr_expect_str_eq(full->zone, "a");
    cr_expect_eq(full->status, INSTANCE_PASSING);
    cr_expect_eq(entry(list, "u-2")->status, INSTANCE_CRITICAL);
    cr_expect_eq(entry(list, "u-3")->status, INSTANCE_WARNING);
    cr_expect_eq(entry(list, "u-3")->weight, 1, "null means the default");
    cr_expect_str_eq(entry(list, "u-3")->zone, "");
    cr_expect_str_eq(entry(list, "u-4")->address, "::1");
    cr_expect_eq(entry(list, "u-4")->status, INSTANCE_PASSING, "without a status it is passing");
    instance_list_unref(list);
    buf_close(&page.last_key);
    free(body);
}

Test(etcd_wire, every_page_has_the_revision_of_the_first)
{
    struct err err = ERR_INIT;
    struct etcd_page page = ETCD_PAGE_INIT;
    struct instance_list *list = instance_list_new();
    size_t len;
    char *body = fixture_new("etcd_range_more.json", &len);
    cr_assert_eq(parse(body, len, &page, list, &err), 0, "%s", err.text);
    cr_expect(page.more);
    cr_expect_eq(page.revision, 15);
    cr_expect_str_eq(buf_text(&page.last_key), "/services/user-service/u-2");

    /* Meanwhile another instance registered, so the next page's header has a higher revision. */
    static const char next[] = "{\"header\":{\"revision\":\"16\"},\"kvs\":[],\"more\":false}";
    cr_assert_eq(parse(next, strlen(next), &page, list, &err), 0, "%s", err.text);
    cr_expect_eq(page.revision, 15);
    instance_list_unref(list);
    buf_close(&page.last_key);
    free(body);
}

Test(etcd_wire, reply_without_entries_is_an_empty_list)
{
    struct err err = ERR_INIT;
    struct etcd_page page = ETCD_PAGE_INIT;
    struct instance_list *list = instance_list_new();
    size_t len;
    char *body = fixture_new("etcd_range_empty.json", &len);
    cr_expect_eq(parse(body, len, &page, list, &err), 0, "%s", err.text);
    cr_expect_eq(list->count + list->dropped, 0);
    cr_expect_not(page.more);
    instance_list_unref(list);
    free(body);
}

Test(etcd_wire, list_that_is_cut_off_is_an_error)
{
    struct etcd_page page = ETCD_PAGE_INIT;
    size_t len;
    char *body = fixture_new("etcd_range.json", &len);
    for (size_t cut = 0; cut < len; cut++) {
        struct err err = ERR_INIT;
        struct instance_list *list = instance_list_new();
        cr_expect_eq(parse(body, cut, &page, list, &err), -1, "%zu bytes", cut);
        cr_expect_eq(err.code, ERR_PROTOCOL);
        instance_list_unref(list);
    }
    buf_close(&page.last_key);
    free(body);
}

Test(etcd_wire, reply_that_is_not_etcds_is_an_error)
{
    static const char *const bad[] = {
        "", "{}", "[]", "null", "{\"kvs\":[]}", "{\"header\":{\"revision\":\"x\"}}", "{\"header\":{\"revision\":7}}",
        "{\"header\":{\"revision\":\"99999999999999999999\"}}", "{\"header\":{\"revision\":\"1\"},\"kvs\":{}}",
        "{\"header\":{\"revision\":\"1\"},\"more\":true}", "{\"header\":{\"revision\":\"1\"},\"kvs\":[7]}",
        "{\"header\":{\"revision\":\"1\"},\"kvs\":[{\"key\":\"!\"}]}",
        "{\"header\":{\"revision\":\"1\"},\"kvs\":[{\"key\":\"\"}],\"more\":true}", "<html>502 Bad Gateway</html>"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = ERR_INIT;
        struct etcd_page page = ETCD_PAGE_INIT;
        struct instance_list *list = instance_list_new();
        cr_expect_eq(parse(bad[i], strlen(bad[i]), &page, list, &err), -1, "%s", bad[i]);
        cr_expect_eq(err.code, ERR_PROTOCOL, "%s: %s", bad[i], err.text);
        instance_list_unref(list);
        buf_close(&page.last_key);
    }
}

/* A value that another program wrote, or a former release, has none. */
Test(etcd_wire, tags_are_read_from_the_value)
{
    static const char reply[] = /* u-1 with "tags":"v1,canary", u-2 without */
        "{\"header\":{\"revision\":\"1\"},\"kvs\":["
        "{\"key\":\"L3NlcnZpY2VzL3VzZXItc2VydmljZS91LTE=\","
        "\"value\":\"eyJhZGRyZXNzIjoiMTAuMC4wLjEiLCJwb3J0Ijo4MCwidGFncyI6InYxLGNhbmFyeSJ9\"},"
        "{\"key\":\"L3NlcnZpY2VzL3VzZXItc2VydmljZS91LTI=\","
        "\"value\":\"eyJhZGRyZXNzIjoiMTAuMC4wLjIiLCJwb3J0Ijo4MH0=\"}]}";
    struct err err = ERR_INIT;
    struct etcd_page page = ETCD_PAGE_INIT;
    struct instance_list *list = instance_list_new();
    cr_assert_eq(parse(reply, strlen(reply), &page, list, &err), 0, "%s", err.text);
    instance_list_finish(list);
    cr_expect_str_eq(entry(list, "u-1")->tags, "v1,canary");
    cr_expect_str_eq(entry(list, "u-2")->tags, "");
    instance_list_unref(list);
    buf_close(&page.last_key);
}

/* Written, and read again. */
Test(etcd_wire, maintenance_is_a_status_of_its_own)
{
    struct registration_spec own = spec;
    own.maintenance = MAINTENANCE_ON;
    json_t *put = SENT_NEW(etcd_add_put, &own, "10.0.0.1", INSTANCE_PASSING);
    cr_expect(strstr(decoded(put, "value"), "\"status\":\"maintenance\""), "%s", decoded(put, "value"));

    struct err err = ERR_INIT;
    struct etcd_page page = ETCD_PAGE_INIT;
    struct instance_list *list = instance_list_new();
    json_t *reply = json_pack("{s:{s:s}, s:[O]}", "header", "revision", "1", "kvs", put);
    char *body = json_dumps(reply, 0);
    cr_assert_eq(parse(body, strlen(body), &page, list, &err), 0, "%s", err.text);
    instance_list_finish(list);
    cr_expect(entry(list, "u-1")->maintenance);
    instance_list_unref(list);
    buf_close(&page.last_key);
    free(body);
    json_decref(reply);
    json_decref(put);
}

/* A list of one entry with this key and value: 1 if it is used, 0 if it is dropped. */
static size_t count_used(const char *key, size_t key_len, const char *value)
{
    struct err err = ERR_INIT;
    struct etcd_page page = ETCD_PAGE_INIT;
    struct instance_list *list = instance_list_new();
    struct buf body = BUF_INIT(1024 * 1024);
    buf_adds(&body, "{\"header\":{\"revision\":\"1\"},\"kvs\":[{\"key\":\"");
    base64_encode(&body, key, key_len);
    buf_adds(&body, "\",\"value\":\"");
    base64_encode(&body, value, strlen(value));
    buf_adds(&body, "\"}]}");
    cr_expect_eq(parse(buf_text(&body), body.len, &page, list, &err), 0, "%s", err.text);
    cr_expect_eq(list->count + list->dropped, 1);
    size_t count = list->count;
    instance_list_unref(list);
    buf_close(&body);
    buf_close(&page.last_key);
    return count;
}

Test(etcd_wire, hostile_keys_and_values_are_dropped)
{
    static const char good_key[] = "/services/user-service/u", good[] = "{\"address\":\"::1\",\"port\":1}";
    static const char *const keys[] = {"", "/", "/services/user-service", "/services/user-service/",
                                       "/services/other/u", "/services/user-servicex", "/services/user-service/\n",
                                       "\xff\xfe"};
    static const char *const values[] = {
        "", "7", "[]", "{}", "{\"address\":7,\"port\":1}", "{\"address\":\"::1\",\"port\":0}",
        "{\"address\":\"::1\",\"port\":\"1\"}", "{\"address\":\"a b\",\"port\":1}", "{\"address\":\"\",\"port\":1}",
        "{\"address\":\"::1\",\"port\":1,\"weight\":\"x\"}", "{\"address\":\"::1\",\"port\":1,\"zone\":{}}",
        "{\"address\":\"::1\",\"port\":1,\"status\":1}", "{\"address\":\"::1\",\"port\":1,\"tags\":[]}",
        "{\"address\":\"::1\\u0000\",\"port\":1}"};
    cr_expect_eq(count_used(good_key, strlen(good_key), good), 1);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        cr_expect_eq(count_used(keys[i], strlen(keys[i]), good), 0, "%s", keys[i]);
    cr_expect_eq(count_used("/services/user-service/u\0x", 26, good), 0, "a zero byte in the key");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        cr_expect_eq(count_used(good_key, strlen(good_key), values[i]), 0, "%s", values[i]);

    char *large = malloc(70 * 1024);
    memset(large, ' ', 70 * 1024);
    strcpy(large + 70 * 1024 - sizeof good, good);
    cr_expect_eq(count_used(good_key, strlen(good_key), large), 0, "over 64 KiB");
    free(large);
}

/* --- Our own key and its lease ------------------------------------------------------------------- */

static bool is_ours(const char *lease)
{
    struct err err = ERR_INIT;
    char body[300];
    bool ours = true;
    const char *difference;
    snprintf(body, sizeof body, "{\"header\":{\"revision\":\"9\"},\"kvs\":[{\"key\":\"eA==\"%s}],\"count\":\"1\"}", lease);
    cr_expect_eq(etcd_parse_own(body, strlen(body), &spec, NULL, &difference, &ours, &err), 0, "%s", err.text);
    return ours;
}

Test(etcd_wire, key_is_ours_only_on_our_lease)
{
    struct err err = ERR_INIT;
    char ours[64];
    const char *difference;
    bool known = true;
    snprintf(ours, sizeof ours, ",\"lease\":\"%" PRId64 "\"", etcd_lease_id(&spec));
    cr_expect(is_ours(ours));
    cr_expect_not(is_ours(",\"lease\":\"77\""));
    cr_expect_not(is_ours(""));
    size_t len;
    char *body = fixture_new("etcd_range_empty.json", &len);
    cr_expect_eq(etcd_parse_own(body, len, &spec, NULL, &difference, &known, &err), 0, "%s", err.text);
    cr_expect_not(known);
    cr_expect_eq(etcd_parse_own("{}", 2, &spec, NULL, &difference, &known, &err), -1, "an error does not mean: not registered");
    free(body);
}

static bool is_alive(const char *name)
{
    struct err err = ERR_INIT;
    size_t len;
    bool alive = false;
    char *body = fixture_new(name, &len);
    cr_expect_eq(etcd_parse_keepalive(body, len, &alive, &err), 0, "%s", err.text);
    free(body);
    return alive;
}

Test(etcd_wire, keepalive_shows_an_expired_lease)
{
    struct err err = ERR_INIT;
    bool alive;
    cr_expect(is_alive("etcd_keepalive.json"));
    cr_expect_not(is_alive("etcd_keepalive_expired.json"));
    cr_expect_eq(etcd_parse_keepalive("{\"result\":{}}", 13, &alive, &err), -1);
    cr_expect_eq(err.code, ERR_PROTOCOL);
}

/* --- Watches -------------------------------------------------------------------------------------- */

/* The nth line of a recorded watch. */
static bool line_has_changed(const char *name, int n, uint64_t revision)
{
    size_t len;
    char *body = fixture_new(name, &len), *line = body;
    while (n-- > 0)
        line = strchr(line, '\n') + 1;
    bool changed = etcd_watch_has_changed(line, strcspn(line, "\n"), revision);
    free(body);
    return changed;
}

Test(etcd_wire, watch_reports_a_change_or_its_end)
{
    cr_expect_not(line_has_changed("etcd_watch.jsonl", 0, 15), "created");
    cr_expect(line_has_changed("etcd_watch.jsonl", 0, 16), "a lower revision: etcd was restored from a backup");
    cr_expect(line_has_changed("etcd_watch.jsonl", 1, 15), "put");
    cr_expect(line_has_changed("etcd_watch.jsonl", 2, 15), "deleted");
    cr_expect_not(line_has_changed("etcd_watch_compacted.jsonl", 0, 2), "created");
    cr_expect(line_has_changed("etcd_watch_compacted.jsonl", 1, 2), "compacted");
    static const char refused[] = "{\"result\":{\"header\":{\"revision\":\"6\"},\"created\":true,\"canceled\":true}}";
    cr_expect(etcd_watch_has_changed(refused, strlen(refused), 6), "cancelled, for example because the token is unknown");
    cr_expect(etcd_watch_has_changed("", 0, 1), "a message that is not JSON ends the wait");
    cr_expect(etcd_watch_has_changed("{\"error\":{}}", 12, 1));
}

/* --- Login and errors -------------------------------------------------------------------------------- */

Test(etcd_wire, token_is_one_word)
{
    static const char *const bad[] = {"", "{}", "{\"token\":\"\"}", "{\"token\":\"a\\r\\nX-Evil: 1\"}", "{\"token\":7}",
                                      "{\"token\":\"12345678901234567890\"}"};
    static const char good[] = "{\"header\":{},\"token\":\"rathVlGQGQDs.27\"}";
    struct err err = ERR_INIT;
    char token[20] = "";
    cr_expect_eq(etcd_parse_token(good, strlen(good), token, sizeof token, &err), 0, "%s", err.text);
    cr_expect_str_eq(token, "rathVlGQGQDs.27");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(etcd_parse_token(bad[i], strlen(bad[i]), token, sizeof token, &err), -1, "%s", bad[i]);
}

Test(etcd_wire, login_escapes_user_and_password)
{
    json_t *login = SENT_NEW(etcd_add_login, "ro\"ot", "p\\w");
    cr_expect_str_eq(json_string_value(json_object_get(login, "name")), "ro\"ot");
    cr_expect_str_eq(json_string_value(json_object_get(login, "password")), "p\\w");
    json_decref(login);
}

Test(etcd_wire, reason_is_etcds_or_the_first_line_of_the_body)
{
    char reason[60];
    size_t len;
    char *body = fixture_new("etcd_error.json", &len);
    etcd_parse_reason(body, len, reason, sizeof reason);
    cr_expect_str_eq(reason, "etcdserver: requested lease not found");
    free(body);
    static const char newer[] = "{\"code\":5,\"message\":\"etcdserver: no leader\",\"details\":[]}";
    etcd_parse_reason(newer, strlen(newer), reason, sizeof reason);
    cr_expect_str_eq(reason, "etcdserver: no leader");
    etcd_parse_reason("Bad Gateway\nnginx", 17, reason, sizeof reason);
    cr_expect_str_eq(reason, "Bad Gateway");
    etcd_parse_reason("", 0, reason, sizeof reason);
    cr_expect_str_eq(reason, "");
}
