/* instance.c: which instances are usable, and what their status is. */
#include <criterion/criterion.h>
#include <string.h>

#include "registry/instance.h"

TestSuite(instance, .timeout = 300);

static bool is_usable(const struct instance *instance)
{
    struct err err = ERR_INIT;
    return instance_check(instance, &err) == 0;
}

Test(instance, address_is_ipv4_ipv6_or_plain_host_name)
{
    static const char *const good[] = {"10.0.0.1", "::1", "fd00::3", "user-1", "user_1.example.org", "a."};
    static const char *const bad[] = {"", "[::1]", "a b", "a/b", "a:80", "user@host", "a\nb", "h\xc3\xb6st",
                                      "fe80::1%eth0", ".", "..", ".a", "a..b"};
    struct instance instance = {.id = "u-1", .port = 8001};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        instance.address = good[i];
        cr_expect(is_usable(&instance), "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        instance.address = bad[i];
        cr_expect_not(is_usable(&instance), "%s", bad[i]);
    }
}

Test(instance, id_has_1_to_255_printable_characters)
{
    char longest[257];
    memset(longest, 'x', sizeof longest);
    longest[256] = '\0';
    struct instance instance = {.id = longest, .address = "10.0.0.1", .port = 8001};
    cr_expect_not(is_usable(&instance));
    longest[255] = '\0';
    cr_expect(is_usable(&instance));
    instance.id = "";
    cr_expect_not(is_usable(&instance));
    instance.id = "a\tb";
    cr_expect_not(is_usable(&instance));
}

Test(instance, maintenance_or_node_down_is_critical_overall)
{
    const struct instance warning = {.status = INSTANCE_WARNING}, maintained = {.maintenance = true},
                          down = {.node_down = true};
    cr_expect_eq(instance_overall_status(&warning), INSTANCE_WARNING);
    cr_expect_eq(instance_overall_status(&maintained), INSTANCE_CRITICAL);
    cr_expect_eq(instance_overall_status(&down), INSTANCE_CRITICAL);
}

Test(instance, status_has_the_name_that_consul_uses)
{
    cr_expect_str_eq(instance_status_name(INSTANCE_PASSING), "passing");
    cr_expect_str_eq(instance_status_name(INSTANCE_WARNING), "warning");
    cr_expect_str_eq(instance_status_name(INSTANCE_CRITICAL), "critical");
}
