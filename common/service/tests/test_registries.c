/* registries.c: which registries the settings choose, in which order. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/registries.h"

TestSuite(registries, .timeout = 300);

static const struct settings_defaults defaults = {"user-service", "8001"};
static struct settings settings;
static struct registries registries;
static struct err err;

/* The kinds, each with a space after it; or the error. */
static const char *open_with(const char *order)
{
    static char kinds[300];
    setenv("REGISTRIES", order, 1);
    cr_assert_eq(settings_read(&settings, &defaults, &err), 0, "%s", err.text);
    kinds[0] = '\0';
    if (registries_open(&registries, &settings, NULL, &err) != 0)
        snprintf(kinds, sizeof kinds, "%s", err.text);
    for (size_t i = 0; !*err.text && i < registries.count; i++)
        snprintf(kinds + strlen(kinds), sizeof kinds - strlen(kinds), "%s ", registry_kind(registries.at[i]));
    registries_close(&registries);
    err_clear(&err);
    return kinds;
}

Test(registries, those_with_an_address_are_used_in_order)
{
    cr_expect_str_eq(open_with(""), "consul ");
    setenv("EUREKA_URL", "http://127.0.0.1:8761", 1);
    setenv("NACOS_SERVER_ADDR", "127.0.0.1", 1);
    cr_expect_str_eq(open_with(""), "consul nacos eureka ");
    setenv("ETCD_ENDPOINTS", "http://127.0.0.1:2379", 1);
    cr_expect_str_eq(open_with(""), "consul etcd nacos eureka ");
}

Test(registries, setting_chooses_some_and_their_order)
{
    setenv("EUREKA_URL", "http://127.0.0.1:8761", 1);
    setenv("NACOS_SERVER_ADDR", "127.0.0.1", 1);
    cr_expect_str_eq(open_with("nacos"), "nacos ");
    cr_expect_str_eq(open_with("eureka,consul,nacos"), "eureka consul nacos ");
}

Test(registries, kind_without_an_address_names_the_setting)
{
    cr_expect_str_eq(open_with("consul,nacos"),
                     "REGISTRIES=consul,nacos: want NACOS_SERVER_ADDR set too, or nacos left out");
    cr_expect_str_eq(open_with("eureka"), "REGISTRIES=eureka: want EUREKA_URL set too, or eureka left out");
}
