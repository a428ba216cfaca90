#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "grpc/grpc_wire.h"

TestSuite(grpc_wire, .timeout = 300);

static const char *service, *why;
static size_t service_len;

/* Parses a copy on the heap, so that AddressSanitizer reports a read past its end. */
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

static bool service_is(const char *name)
{
    return service_len == strlen(name) && memcmp(service, name, service_len) == 0;
}

Test(grpc_wire, request_names_its_service)
{
    cr_expect_eq(PARSE("\0\0\0\0\6\x0a\4user"), GRPC_OK);
    cr_expect(service_is("user"));
}

Test(grpc_wire, empty_message_means_the_whole_server)
{
    cr_expect_eq(PARSE("\0\0\0\0\0"), GRPC_OK);
    cr_expect(service_is(""));
    cr_expect_eq(PARSE("\0\0\0\0\2\x0a\0"), GRPC_OK);
    cr_expect(service_is(""));
}

Test(grpc_wire, last_of_several_names_counts)
{
    cr_expect_eq(PARSE("\0\0\0\0\6\x0a\1a\x0a\1b"), GRPC_OK);
    cr_expect(service_is("b"));
}

Test(grpc_wire, unknown_fields_are_skipped)
{
    cr_expect_eq(PARSE("\0\0\0\0\x1a"
                       "\x10\x80\x01"                 /* 2: a number of two bytes */
                       "\x19\1\2\3\4\5\6\7\x08"       /* 3: 64 bits */
                       "\x0a\1x"                      /* 1: the service */
                       "\x22\2yy"                     /* 4: bytes */
                       "\x2d\1\2\3\4"                 /* 5: 32 bits */
                       "\x08"
                       "\0"),                         /* 1, but a number: some other field */
                 GRPC_OK);
    cr_expect(service_is("x"));
}

Test(grpc_wire, body_must_be_exactly_one_message)
{
    cr_expect_eq(PARSE(""), GRPC_INTERNAL);
    cr_expect_eq(PARSE("\0\0\0\0"), GRPC_INTERNAL);
    cr_expect_eq(PARSE("\0\0\0\0\7\x0a\4user"), GRPC_INTERNAL);
    cr_expect_eq(PARSE("\0\0\0\0\5\x0a\4user"), GRPC_INTERNAL);
    cr_expect_eq(PARSE("\0\xff\xff\xff\xff\x0a\4user"), GRPC_INTERNAL);
    cr_expect_eq(PARSE("\0\0\0\0\0\0\0\0\0\0"), GRPC_INTERNAL, "two of them");
    cr_expect(why && *why);
}

Test(grpc_wire, compressed_message_is_unimplemented)
{
    cr_expect_eq(PARSE("\1\0\0\0\0"), GRPC_UNIMPLEMENTED);
}

Test(grpc_wire, damaged_message_is_an_error)
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

Test(grpc_wire, reply_is_one_message_with_the_status)
{
    uint8_t reply[GRPC_HEALTH_REPLY_SIZE];
    grpc_write_health(reply, true);
    cr_expect_arr_eq(reply, "\0\0\0\0\2\x08\1", sizeof reply);
    grpc_write_health(reply, false);
    cr_expect_arr_eq(reply, "\0\0\0\0\2\x08\2", sizeof reply);
}
