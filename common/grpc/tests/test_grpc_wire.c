#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "grpc/grpc_wire.h"

TestSuite(grpc_wire, .timeout = 300);

static const char *service, *why;
static size_t service_len;

/* Parses a copy of just this size, so that reading past its end is seen. */
static enum grpc_status parse(const char *bytes, size_t len)
{
    static uint8_t *copy;
    free(copy);
    copy = malloc(len + 1);
    memcpy(copy, bytes, len);
    service = why = NULL;
    return grpc_parse_health(copy, len, &service, &service_len, &why);
}

#define PARSE(literal) parse(literal, sizeof(literal) - 1)

static bool asks_about(const char *name)
{
    return service_len == strlen(name) && memcmp(service, name, service_len) == 0;
}

Test(grpc_wire, a_request_names_the_service_it_asks_about)
{
    cr_expect_eq(PARSE("\0\0\0\0\6\x0a\4user"), GRPC_OK);
    cr_expect(asks_about("user"));
}

Test(grpc_wire, an_empty_message_asks_about_the_whole_server)
{
    cr_expect_eq(PARSE("\0\0\0\0\0"), GRPC_OK);
    cr_expect(asks_about(""));
    cr_expect_eq(PARSE("\0\0\0\0\2\x0a\0"), GRPC_OK);
    cr_expect(asks_about(""));
}

Test(grpc_wire, the_last_of_several_names_counts)
{
    cr_expect_eq(PARSE("\0\0\0\0\6\x0a\1a\x0a\1b"), GRPC_OK);
    cr_expect(asks_about("b"));
}

Test(grpc_wire, fields_of_a_newer_version_are_passed_over)
{
    cr_expect_eq(PARSE("\0\0\0\0\x1a"
                       "\x10\x80\x01"                 /* 2: a number of two bytes */
                       "\x19\1\2\3\4\5\6\7\x08"       /* 3: 64 bits */
                       "\x0a\1x"                      /* 1: what we look for */
                       "\x22\2yy"                     /* 4: bytes */
                       "\x2d\1\2\3\4"                 /* 5: 32 bits */
                       "\x08"
                       "\0"),                         /* 1, but a number: some other field */
                 GRPC_OK);
    cr_expect(asks_about("x"));
}

Test(grpc_wire, what_is_not_exactly_one_message_is_an_error)
{
    cr_expect_eq(PARSE(""), GRPC_INTERNAL);
    cr_expect_eq(PARSE("\0\0\0\0"), GRPC_INTERNAL);
    cr_expect_eq(PARSE("\0\0\0\0\7\x0a\4user"), GRPC_INTERNAL);
    cr_expect_eq(PARSE("\0\0\0\0\5\x0a\4user"), GRPC_INTERNAL);
    cr_expect_eq(PARSE("\0\xff\xff\xff\xff\x0a\4user"), GRPC_INTERNAL);
    cr_expect_eq(PARSE("\0\0\0\0\0\0\0\0\0\0"), GRPC_INTERNAL, "two of them");
    cr_expect(why && *why);
}

Test(grpc_wire, a_compressed_message_is_refused_as_unimplemented)
{
    cr_expect_eq(PARSE("\1\0\0\0\0"), GRPC_UNIMPLEMENTED);
}

Test(grpc_wire, a_damaged_message_is_an_error)
{
    cr_expect_eq(PARSE("\0\0\0\0\1\x0a"), GRPC_INTERNAL, "no length");
    cr_expect_eq(PARSE("\0\0\0\0\3\x0a\2x"), GRPC_INTERNAL, "too few bytes");
    cr_expect_eq(PARSE("\0\0\0\0\x0b\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), GRPC_INTERNAL, "a huge length");
    cr_expect_eq(PARSE("\0\0\0\0\x0c\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), GRPC_INTERNAL, "a long number");
    cr_expect_eq(PARSE("\0\0\0\0\2\2\0"), GRPC_INTERNAL, "field 0");
    cr_expect_eq(PARSE("\0\0\0\0\1\x0b"), GRPC_INTERNAL, "a group");
    cr_expect_eq(PARSE("\0\0\0\0\3\x15\1\2"), GRPC_INTERNAL, "half of 32 bits");
    cr_expect_eq(PARSE("\0\0\0\0\2\x11\1"), GRPC_INTERNAL, "a piece of 64 bits");
}

Test(grpc_wire, a_reply_is_one_message_with_the_status)
{
    uint8_t reply[GRPC_HEALTH_REPLY_SIZE];
    grpc_write_health(reply, true);
    cr_expect_arr_eq(reply, "\0\0\0\0\2\x08\1", sizeof reply);
    grpc_write_health(reply, false);
    cr_expect_arr_eq(reply, "\0\0\0\0\2\x08\2", sizeof reply);
}
