/* The files of a program are in no library, so this test includes the source that it tests. */
#include "../order_input.c"

#include <criterion/criterion.h>
#include <stdio.h>

static int verdict_on(const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    cr_assert(object, "%s", text);
    struct order_input input;
    struct err err = ERR_INIT;
    int verdict = order_input_read(object, &input, &err);
    cr_expect_eq(verdict == 0, err.code == ERR_NONE);
    json_decref(object);
    return verdict;
}

Test(order_input, order_has_user_id_item_and_quantity)
{
    cr_expect_eq(verdict_on("{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":2}"), 0);
    cr_expect_eq(verdict_on("{\"user_id\":\"9223372036854775807\",\"item\":\"\\u4e66\",\"quantity\":1000000}"), 0);
}

Test(order_input, missing_or_wrong_member_is_rejected)
{
    static const char *const wrong[] = {
        "{\"item\":\"book\",\"quantity\":2}",
        "{\"user_id\":\"7\",\"quantity\":2}",
        "{\"user_id\":\"7\",\"item\":\"book\"}",
        "{\"user_id\":7,\"item\":\"book\",\"quantity\":2}",
        "{\"user_id\":\"07\",\"item\":\"book\",\"quantity\":2}",
        "{\"user_id\":\"0\",\"item\":\"book\",\"quantity\":2}",
        "{\"user_id\":\"7\",\"item\":\"\",\"quantity\":2}",
        "{\"user_id\":\"7\",\"item\":\"a\\tb\",\"quantity\":2}",
        "{\"user_id\":\"7\",\"item\":[],\"quantity\":2}",
        "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":0}",
        "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":1000001}",
        "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":1.5}",
        "{\"user_id\":\"7\",\"item\":\"book\",\"quantity\":\"2\"}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(verdict_on(wrong[i]), 422, "%s", wrong[i]);
}

Test(order_input, key_is_1_to_255_printable_characters)
{
    char key[300];
    memset(key, 'k', sizeof key);
    key[255] = '\0';
    cr_expect(order_input_is_key(key));
    cr_expect(order_input_is_key("8e03978e-40d5-43dd-bc93-6894a57f9324"));
    cr_expect(order_input_is_key("a b~!"));
    key[255] = 'k';
    key[256] = '\0';
    cr_expect_not(order_input_is_key(key));
    cr_expect_not(order_input_is_key(""));
    cr_expect_not(order_input_is_key("a\tb"));
    cr_expect_not(order_input_is_key("\xe4\xb9\xa6"));
}
