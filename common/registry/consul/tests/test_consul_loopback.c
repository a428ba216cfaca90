/* consul_loopback.c: which addresses are of no use to other machines. */
#include <criterion/criterion.h>

#include "registry/consul/consul_loopback.h"

TestSuite(consul_loopback, .timeout = 300);

Test(consul_loopback, every_spelling_is_recognized)
{
    static const char *const spellings[] = {
        "127.0.0.1", "127.0.1.1", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "0",
        "::1", "0:0:0:0:0:0:0:1", "::", "::0", "::ffff:127.0.0.1", "::FFFF:7f00:1", "::ffff:0.0.0.0",
        "localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "users.localhost", "ip6-localhost",
    };
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        cr_expect(consul_is_loopback(spellings[i]), "%s", spellings[i]);
}

Test(consul_loopback, other_addresses_are_not)
{
    static const char *const others[] = {
        "10.0.0.1", "128.0.0.1", "12.7.0.1", "::2", "fd00::1", "::ffff:10.0.0.1", "127.example.org", "users",
        "localhost.example.org", "localhosts", "my-localhost", "1.2.3.4.5", "",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect_not(consul_is_loopback(others[i]), "%s", others[i]);
}
