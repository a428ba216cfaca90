/* Tests that a world starts all its servers with the schema, and leaves nothing behind. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "harness/world.h"

TestSuite(world, .timeout = 300);

Test(world, world_starts_with_schema_and_leaves_nothing)
{
    struct err err = ERR_INIT;
    struct world world;
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    cr_expect(server_answers(&world.postgres));
    cr_expect(server_answers(&world.redis));
    cr_expect(server_answers(&world.consul));
    cr_expect_eq(server_sql(&world.postgres, NULL, "SELECT 1 / (count(*) = 1000)::int FROM users", &err), 0, "%s",
                 err.text);
    char path[PLACE_PATH_MAX];
    snprintf(path, sizeof path, "%s", world.folder.path);
    world_stop(&world);
    cr_expect_neq(access(path, F_OK), 0);
    world_stop(&world);
}
