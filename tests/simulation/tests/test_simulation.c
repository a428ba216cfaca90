/* Tests that the promises hold in a short run of the simulation, and that a seed repeats a run exactly. */
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

Test(simulation, promises_hold_in_100_populations_with_faults)
{
    for (uint64_t seed = 1; seed <= 100; seed++)
        cr_assert_eq(simulation_run(seed, 5), 0, "seed %d", (int)seed);
}

/* All that a run writes, event by event. The caller frees it. */
static char *output_of(uint64_t seed)
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

Test(simulation, same_seed_repeats_the_run_byte_for_byte)
{
    simulation_be_verbose();
    char *first = output_of(7), *other = output_of(8), *again = output_of(7);
    cr_expect_gt(strlen(first), 1000);
    cr_expect_str_eq(first, again);
    cr_expect_str_neq(first, other);
    free(first);
    free(other);
    free(again);
}
