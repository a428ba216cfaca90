/* The program of `make compare-registries`: when it fails, and what it leaves behind. consul-dev/tests/test-compare.sh
 * tests its messages, and runs it. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/proc.h"

TestSuite(compare, .timeout = 300);

enum { LIMIT_MS = 120000 };

static struct folder folder;
static struct proc running;

static void setup(void)
{
    struct err err = ERR_INIT;
    cr_assert_eq(folder_take(&folder, &err), 0, "%s", err.text);
}

static void teardown(void)
{
    proc_kill_all(&running, LIMIT_MS);
    folder_remove(&folder);
}

/* With one setting of the user. */
static void start(const char *kind, const char *users)
{
    char build[PLACE_PATH_MAX], program[PLACE_PATH_MAX + 16], log[PLACE_PATH_MAX + 16], tmp[PLACE_PATH_MAX + 16];
    struct err err = ERR_INIT;
    build_path(build);
    snprintf(program, sizeof program, "%s/compare", build);
    snprintf(log, sizeof log, "%s/output", folder.path);
    snprintf(tmp, sizeof tmp, "TMPDIR=%s", folder.path);
    const char *const argv[] = {program, kind, NULL}, *const env[] = {tmp, "LC_ALL=C", users, NULL};
    cr_assert_eq(proc_start(&running, argv, env, log, &err), 0, "%s", err.text);
}

static bool shows(const char *text)
{
    bool found = proc_wait_output(&running, text, NULL, 0, LIMIT_MS);
    char *output = proc_output(&running);
    cr_expect(found, "no '%s' in: %s", text, output);
    free(output);
    return found;
}

static bool no_folder_is_left(void *arg)
{
    (void)arg;
    char scratch[PLACE_PATH_MAX + 32];
    snprintf(scratch, sizeof scratch, "%s/scratch-%u", folder.path, (unsigned)geteuid());
    DIR *dir = opendir(scratch);
    int count = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += strncmp(entry->d_name, "run.", 4) == 0;
    if (dir)
        closedir(dir);
    return count == 0;
}

Test(compare, kind_that_does_not_start_is_a_failure, .init = setup, .fini = teardown)
{
    start("consul", "CONSUL=/nonexistent/consul");
    cr_assert(proc_wait(&running, LIMIT_MS));
    char *output = proc_output(&running);
    cr_expect_eq(WEXITSTATUS(running.status), 1);
    cr_expect_not_null(strstr(output, "Consul cannot be measured: cannot start consul"), "%s", output);
    cr_expect(no_folder_is_left(NULL));
    free(output);
}

/* Otherwise order-service would not start, and there would be no idle minute. */
Test(compare, settings_of_the_user_do_not_reach_it, .init = setup, .fini = teardown)
{
    start("etcd", "LB_POLICY=nonsense");
    shows("in which nothing changes");
}

Test(compare, kill_9_leaves_no_folder, .init = setup, .fini = teardown)
{
    start("etcd", "TERM=dumb");
    cr_assert(shows("etcd: 3 servers"));
    cr_assert_not(no_folder_is_left(NULL));
    proc_signal(&running, SIGKILL);
    cr_assert(proc_wait(&running, LIMIT_MS));
    cr_expect(wait_until(no_folder_is_left, NULL, LIMIT_MS));
}
