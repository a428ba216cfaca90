/* consul_kv_wire.c: a recorded reply (fixtures/, of Consul 1.8.7), and invalid ones. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/consul_kv_wire.h"
#include "harness/place.h"

static struct config_entries entries;
static struct err err;

static void setup(void)
{
    entries = (struct config_entries){0};
    err_clear(&err);
}

static void teardown(void)
{
    config_entries_close(&entries);
}

TestSuite(consul_kv_wire, .init = setup, .fini = teardown, .timeout = 300);

static char *fixture_new(const char *name, size_t *len)
{
    char root[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 100];
    source_path(root);
    snprintf(path, sizeof path, "%s/common/config/tests/fixtures/%s", root, name);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    char *body = malloc(65536);
    *len = fread(body, 1, 65535, file);
    fclose(file);
    return body;
}

static int parse(const char *body)
{
    setup();
    return consul_kv_parse(body, strlen(body), "config/order-service/", &entries, &err);
}

static void expect_entry(const char *key, const char *value)
{
    const char *found = config_entries_find(&entries, key);
    cr_expect(found && strcmp(found, value) == 0, "%s=%s", key, found ? found : "(not there)");
}

Test(consul_kv_wire, folder_is_read_with_its_values_decoded)
{
    size_t len;
    char *body = fixture_new("consul_kv.json", &len);
    cr_assert_eq(consul_kv_parse(body, len, "config/order-service/", &entries, &err), 0, "%s", err.text);
    free(body);
    cr_expect_eq(entries.count, 6, "the key of the folder itself is no entry");
    expect_entry("LB_POLICY", "random");
    expect_entry("DISCOVERY_CACHE_TTL", "15s");
    expect_entry("SERVICE_WEIGHT", "");
    expect_entry("old/NOTES", "two\nlines");
    cr_expect_null(config_entries_find(&entries, "config/order-service/LB_POLICY"));
}

Test(consul_kv_wire, line_break_at_the_end_is_left_out)
{
    cr_expect_eq(parse("[{\"Key\":\"config/order-service/A\",\"Value\":\"cmFuZG9tDQo=\"}]"), 0, "%s", err.text);
    expect_entry("A", "random");
    teardown();
    cr_expect_eq(parse("[{\"Key\":\"config/order-service/A\",\"Value\":\"YQBi\"}]"), 0, "%s", err.text);
    expect_entry("A", "a?b"); /* a '\0' inside */
}

Test(consul_kv_wire, reply_that_is_not_consuls_is_an_error)
{
    static const char *const bad[] = {
        "", "{}", "null", "[1]", "[{}]", "[{\"Key\":1,\"Value\":\"\"}]", "[{\"Key\":\"config/order-service/A\"}]",
        "[{\"Key\":\"config/order-service/A\",\"Value\":5}]", "[{\"Key\":\"config/order-service/A\",\"Value\":\"ab\"}]",
        "[{\"Key\":\"config/order-service/A\",\"Value\":\"####\"}]", "[{\"Key\":\"other/A\",\"Value\":\"\"}]",
        "[{\"Key\":\"config/order-service/A\",\"Value\":\"\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect_eq(parse(bad[i]), -1, "%s", bad[i]);
        cr_expect_neq(err.code, ERR_NONE, "%s", bad[i]);
        teardown();
    }
}
