/* simulate: runs many seeds, in several processes; or one world of a given size, and prints its numbers.
 *
 *   simulate [--from N] [--seeds N] [--minutes N] [--jobs N] [--verbose]
 *   simulate --callers N --instances N [--from N] [--verbose]
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simulation/settings.h"
#include "simulation/simulation.h"

enum { STUCK_S = 60 }; /* of CPU time: a simulated hour takes well under a second, in valgrind half a minute */

struct options {
    uint64_t from, seeds;
    int64_t minutes;
    int jobs;
    int callers, instances; /* 0: as the seeds draw them */
};

static void on_crash(int signum)
{
    signal(signum, SIG_DFL);
    simulation_report(signum == SIGPROF ? "it does not end" : strsignal(signum));
    raise(signum);
}

static void catch_crashes(void)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGPROF};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], on_crash);
}

/* Every jobs-th seed. 0: all promises held. */
static int run_share(const struct options *options, int share)
{
    catch_crashes();
    for (uint64_t i = (uint64_t)share; i < options->seeds; i += (uint64_t)options->jobs) {
        setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = STUCK_S}, NULL);
        if (simulation_run(options->from + i, options->minutes) != 0)
            return 1;
    }
    return 0;
}

static int run_all(const struct options *options)
{
    int failed = 0;
    for (int share = 0; share < options->jobs; share++) {
        pid_t pid = fork();
        if (pid == 0)
            exit(run_share(options, share));
        failed += pid < 0;
    }
    int status;
    while (wait(&status) > 0)
        failed += status != 0;
    return failed;
}

static int tell_story(const struct options *options)
{
    catch_crashes();
    int status = simulation_tell_story(options->from, options->callers, options->instances);
    printf("%s\n", status == 0 ? "every promise held" : "a promise was broken, see above");
    return status == 0 ? 0 : 1;
}

static uint64_t number_of(const char *text)
{
    char *end;
    uint64_t number = strtoull(text, &end, 10);
    if (*text && !*end)
        return number;
    fprintf(stderr, "simulate: want a whole number, not '%s'\n", text);
    exit(2);
}

static int number_up_to(const char *text, int most)
{
    uint64_t number = number_of(text);
    if (number >= 1 && number <= (uint64_t)most)
        return (int)number;
    fprintf(stderr, "simulate: want 1 to %d, not %s\n", most, text);
    exit(2);
}

static void read_option(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "--from") == 0)
        options->from = number_of(value);
    else if (strcmp(name, "--seeds") == 0)
        options->seeds = number_of(value);
    else if (strcmp(name, "--minutes") == 0)
        options->minutes = (int64_t)number_of(value);
    else if (strcmp(name, "--jobs") == 0)
        options->jobs = (int)number_of(value);
    else if (strcmp(name, "--callers") == 0)
        options->callers = number_up_to(value, CALLERS_MAX);
    else if (strcmp(name, "--instances") == 0)
        options->instances = number_up_to(value, INSTANCES_MAX);
    else {
        fprintf(stderr, "simulate: unknown option: %s\n", name);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct options options = {.from = 1, .seeds = 1, .minutes = 10, .jobs = 1};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0)
            simulation_be_verbose();
        else if (i + 1 < argc)
            read_option(&options, argv[i], argv[i + 1]), i++;
    }
    if (options.callers > 0 && options.instances > 0)
        return tell_story(&options);
    if (options.callers > 0 || options.instances > 0) {
        fprintf(stderr, "simulate: --callers and --instances are needed together\n");
        return 2;
    }
    if (options.jobs < 1)
        options.jobs = 1;
    int failed = run_all(&options);
    printf("%" PRIu64 " seeds of %" PRId64 " simulated minutes: %s\n", options.seeds, options.minutes,
           failed ? "a promise was broken, see above" : "every promise held");
    return failed ? 1 : 0;
}
