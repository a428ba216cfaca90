/* A short run of the simulator, so that `make test` has a taste of it; and that a
 * seed tells the same story each time, for that is what a seed is good for. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop/fiber.h"
#include "simulation/simulation.h"

static void teardown(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(simulation, .fini = teardown, .timeout = 300);

Test(simulation, every_promise_holds_in_a_hundred_populations_under_random_faults)
{
    for (uint64_t seed = 1; seed <= 100; seed++)
        cr_assert_eq(simulation_run(seed, 5), 0, "seed %d", (int)seed);
}

/* All that a run writes, event by event. To be freed. */
static char *story_of(uint64_t seed)
{
    FILE *file = tmpfile();
    int was = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    int status = simulation_run(seed, 3);
    dup2(was, STDERR_FILENO);
    close(was);
    cr_expect_eq(status, 0);

    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    char *text = calloc(1, (size_t)len + 1);
    rewind(file);
    cr_expect_eq(fread(text, 1, (size_t)len, file), (size_t)len);
    fclose(file);
    return text;
}

Test(simulation, a_seed_tells_the_same_story_again_to_the_byte_and_another_one_another)
{
    simulation_be_verbose();
    char *first = story_of(7), *other = story_of(8), *again = story_of(7);
    cr_expect_gt(strlen(first), 1000);
    cr_expect_str_eq(first, again);
    cr_expect_str_neq(first, other);
    free(first);
    free(other);
    free(again);
}
