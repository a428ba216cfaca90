/* registry_order.c: which values of REGISTRIES are accepted. */
#include <criterion/criterion.h>
#include <string.h>

#include "service/registry_order.h"

TestSuite(registry_order, .timeout = 300);

Test(registry_order, kinds_are_named_in_the_order_of_trust)
{
    enum kind order[KINDS];
    cr_expect_eq(registry_order_parse("nacos", order), 1);
    cr_expect_eq(order[0], KIND_NACOS);
    cr_expect_eq(registry_order_parse("eureka,consul,nacos,etcd", order), 4);
    cr_expect(order[0] == KIND_EUREKA && order[1] == KIND_CONSUL && order[2] == KIND_NACOS && order[3] == KIND_ETCD);
}

Test(registry_order, every_kind_has_the_name_that_is_accepted)
{
    for (int kind = 0; kind < KINDS; kind++) {
        enum kind order[KINDS];
        cr_expect_eq(registry_order_parse(kind_name((enum kind)kind), order), 1);
        cr_expect_eq(order[0], (enum kind)kind);
    }
}

Test(registry_order, unknown_or_repeated_kind_is_rejected)
{
    static const char *const bad[] = {"",
                                      ",",
                                      "consul,",
                                      ",consul",
                                      "consul,,etcd",
                                      "zookeeper",
                                      "Consul",
                                      "consul, etcd",
                                      "consul,consul",
                                      "nacos,etcd,nacos",
                                      "cons",
                                      "consul2",
                                      "consul,etcd,nacos,eureka,consul"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(registry_order_check(bad[i]), -1, "%s", bad[i]);
    cr_expect_eq(registry_order_check("etcd,consul"), 0);
}
