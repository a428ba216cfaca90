/* Which service names and instance ids the settings accept. */
#include <criterion/criterion.h>
#include <string.h>

#include "registry/name.h"

static bool name_is_valid(const char *name)
{
    return service_name_is_valid(name, strlen(name));
}

Test(name, names_safe_in_urls_keys_and_files_are_valid)
{
    cr_expect(name_is_valid("user-service"));
    cr_expect(name_is_valid("A_1.b"));
    cr_expect(name_is_valid("..."), "not a dot segment");
    cr_expect(name_is_valid("register"), "only ids are behind the agent's own paths");
    cr_expect(instance_id_is_valid("host:user-service:8001"));
    cr_expect(instance_id_is_valid("Register"));
    cr_expect(instance_id_is_valid("..a"));
}

Test(name, dot_segments_are_invalid)
{
    cr_expect_not(name_is_valid("."));
    cr_expect_not(name_is_valid(".."));
    cr_expect_not(instance_id_is_valid("."));
    cr_expect_not(instance_id_is_valid(".."));
}

Test(name, paths_of_the_agent_are_no_ids)
{
    cr_expect_not(instance_id_is_valid("register"));
    cr_expect_not(instance_id_is_valid("deregister"));
    cr_expect_not(instance_id_is_valid("maintenance"));
}

Test(name, other_characters_and_lengths_are_invalid)
{
    const char *const wrong[] = {"", "a/b", "a b", "a%2e", "a?b", "a#b", "\xc3\xa9", "a\nb"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_not(name_is_valid(wrong[i]), "%s", wrong[i]);
        cr_expect_not(instance_id_is_valid(wrong[i]), "%s", wrong[i]);
    }
    cr_expect_not(name_is_valid("a:b"));
    cr_expect_not(service_name_is_valid("a\0b", 3));

    char text[INSTANCE_ID_MAX + 2];
    memset(text, 'a', sizeof text);
    cr_expect(service_name_is_valid(text, SERVICE_NAME_MAX));
    cr_expect_not(service_name_is_valid(text, SERVICE_NAME_MAX + 1));
    text[INSTANCE_ID_MAX + 1] = '\0';
    cr_expect_not(instance_id_is_valid(text));
    text[INSTANCE_ID_MAX] = '\0';
    cr_expect(instance_id_is_valid(text));
}
