/* Tests that the promises hold in a short run of the simulation and in a world of a given size, and that a seed repeats
 * a run exactly. */
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

TestSuite(simulation, .fini = teardown, .timeout = 1800); /* only ends a hang */

Test(simulation, promises_hold_in_100_populations_with_faults)
{
    for (uint64_t seed = 1; seed <= 100; seed++)
        cr_assert_eq(simulation_run(seed, 5), 0, "seed %d", (int)seed);
}

static int run_seed_7(void)
{
    return simulation_run(7, 3);
}

static int run_seed_8(void)
{
    return simulation_run(8, 3);
}

static int tell_of_20_callers(void)
{
    return simulation_tell_story(1, 20, 300);
}

/* All that a run writes to `to`: STDERR_FILENO or STDOUT_FILENO. The caller frees it. */
static char *output_of(int (*run)(void), int to)
{
    FILE *file = tmpfile();
    fflush(stdout);
    int was = dup(to);
    dup2(fileno(file), to);
    int status = run();
    fflush(stdout);
    dup2(was, to);
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
    char *first = output_of(run_seed_7, STDERR_FILENO), *other = output_of(run_seed_8, STDERR_FILENO);
    char *again = output_of(run_seed_7, STDERR_FILENO);
    cr_expect_gt(strlen(first), 1000);
    cr_expect_str_eq(first, again);
    cr_expect_str_neq(first, other);
    free(first);
    free(other);
    free(again);
}

Test(simulation, middle_sized_world_keeps_promises_with_numbers)
{
    static const char *const numbers[] = {
        "\n    registrations: 300; a second: ", "\n    callers know: the first after ", "\n    memory of a caller: ",
        "\n    entries sent: 6000; a second: ",  "\n    calls of one instance: least ", "\nConsul loses all data\n",
    };
    char *text = output_of(tell_of_20_callers, STDOUT_FILENO);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        cr_expect(strstr(text, numbers[i]), "no line '%s' in:\n%s", numbers[i] + 1, text);
    for (const char *at = text; (at = strstr(at, ", failed: ")); at++)
        cr_expect_eq(at[strlen(", failed: ")], '0', "a call failed:\n%s", text);
    free(text);
}
