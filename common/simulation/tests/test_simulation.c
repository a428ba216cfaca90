/* A short run of the simulator, so that `make test` has a taste of it; and that a
 * seed tells the same story each time, for that is what a seed is good for. */
#include <criterion/criterion.h>

#include "loop/fiber.h"
#include "simulation/simulation.h"

static void teardown(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(simulation, .fini = teardown, .timeout = 120);

Test(simulation, every_promise_holds_in_a_hundred_populations_under_random_faults)
{
    for (uint64_t seed = 1; seed <= 100; seed++)
        cr_assert_eq(simulation_run(seed, 5, NULL), 0, "seed %d", (int)seed);
}

Test(simulation, a_seed_tells_the_same_story_again_and_another_one_another)
{
    uint64_t first, again, other;
    cr_assert_eq(simulation_run(7, 3, &first), 0);
    cr_assert_eq(simulation_run(8, 3, &other), 0);
    cr_assert_eq(simulation_run(7, 3, &again), 0);
    cr_expect_eq(first, again);
    cr_expect_neq(first, other);
}
