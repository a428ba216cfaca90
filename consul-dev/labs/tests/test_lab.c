/* The program of `make lab`: when it fails, and what it leaves behind. consul-dev/tests/test-labs.sh runs the labs. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "harness/proc.h"

TestSuite(lab, .timeout = 300);

/* A killed lab ends at once; LONG_LAB would need 15 s to end by itself. */
enum { LAB_LIMIT_MS = 120000, KILLED_LIMIT_MS = 14000 };
#define SHORT_LAB "2"
#define LONG_LAB "10"

static struct folder folder;
static char lab[PLACE_PATH_MAX + 8];
static char setting[PLACE_PATH_MAX + 16]; /* TMPDIR=<folder>, which marks what a lab starts */
static struct proc running;

static void setup(void)
{
    struct err err = ERR_INIT;
    char build[PLACE_PATH_MAX];
    cr_assert_eq(folder_take(&folder, &err), 0, "%s", err.text);
    build_path(build);
    snprintf(lab, sizeof lab, "%s/lab", build);
    snprintf(setting, sizeof setting, "TMPDIR=%s", folder.path);
}

static void teardown(void)
{
    proc_kill_all(&running, LAB_LIMIT_MS);
    folder_remove(&folder);
}

static void start(const char *number)
{
    char log[PLACE_PATH_MAX + 16];
    struct err err = ERR_INIT;
    snprintf(log, sizeof log, "%s/output", folder.path);
    const char *const env[] = {setting, "LC_ALL=C", NULL};
    cr_assert_eq(proc_start(&running, (const char *const[]){lab, number, NULL}, env, log, &err), 0, "%s", err.text);
}

/* --- What is left ------------------------------------------------------------------------- */

static bool has_setting(const char *pid)
{
    char path[300], text[65536];
    snprintf(path, sizeof path, "/proc/%s/environ", pid);
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    return memmem(text, len, setting, strlen(setting) + 1) != NULL; /* with its \0 */
}

/* Processes that a lab of this test has started; a zombie has no environment. */
static int count_processes(void)
{
    DIR *dir = opendir("/proc");
    int count = 0;
    for (struct dirent *entry; (entry = readdir(dir));)
        count += atoi(entry->d_name) > 0 && has_setting(entry->d_name);
    closedir(dir);
    return count;
}

/* The lab's folders: scratch-<uid>/run.* */
static int count_folders(void)
{
    char scratch[PLACE_PATH_MAX + 32];
    snprintf(scratch, sizeof scratch, "%s/scratch-%u", folder.path, (unsigned)geteuid());
    DIR *dir = opendir(scratch);
    int count = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += strncmp(entry->d_name, "run.", 4) == 0;
    if (dir)
        closedir(dir);
    return count;
}

static bool has_started(void *arg)
{
    (void)arg;
    return count_processes() >= 5 && count_folders() == 1; /* three of the lab's own, Consul, the callee */
}

static bool nothing_left(void *arg)
{
    (void)arg;
    return count_processes() == 0 && count_folders() == 0;
}

/* --- Tests ---------------------------------------------------------------------------------- */

Test(lab, interrupted_lab_leaves_nothing, .init = setup, .fini = teardown)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        start(LONG_LAB);
        cr_assert(wait_until(has_started, NULL, LAB_LIMIT_MS));
        proc_signal(&running, signals[i]);
        cr_assert(proc_wait(&running, LAB_LIMIT_MS));
        cr_expect_eq(WEXITSTATUS(running.status), 128 + signals[i]);
        cr_expect_eq(count_processes(), 0);
        cr_expect_eq(count_folders(), 0);
    }
}

Test(lab, killed_lab_leaves_nothing, .init = setup, .fini = teardown)
{
    start(LONG_LAB);
    cr_assert(wait_until(has_started, NULL, LAB_LIMIT_MS));
    proc_signal(&running, SIGKILL);
    cr_assert(proc_wait(&running, LAB_LIMIT_MS));
    cr_expect(wait_until(nothing_left, NULL, KILLED_LIMIT_MS));
}

/* A Consul that only writes down what it sees. */
Test(lab, lab_does_not_see_settings_of_the_user, .init = setup, .fini = teardown)
{
    char program[PLACE_PATH_MAX + 16], seen[PLACE_PATH_MAX + 16], consul[PLACE_PATH_MAX + 32], text[8192];
    char output[PLACE_PATH_MAX + 16];
    struct err err = ERR_INIT;
    snprintf(program, sizeof program, "%s/consul", folder.path);
    snprintf(seen, sizeof seen, "%s/seen", folder.path);
    snprintf(output, sizeof output, "%s/output", folder.path);
    snprintf(consul, sizeof consul, "CONSUL=%s", program);
    FILE *file = fopen(program, "we");
    cr_assert_not_null(file);
    fprintf(file, "#!/bin/sh\nenv >'%s'\nexit 1\n", seen);
    fclose(file);
    chmod(program, 0755);
    const char *const env[] = {setting, consul, "SERVICE_CHECK=ttl", "LB_POLICY=random", NULL};
    cr_assert_eq(proc_start(&running, (const char *const[]){lab, SHORT_LAB, NULL}, env, output, &err), 0, "%s",
                 err.text);
    cr_assert(proc_wait(&running, LAB_LIMIT_MS));
    char *printed = proc_output(&running);
    file = fopen(seen, "re");
    cr_assert_not_null(file, "%s", printed);
    free(printed);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    cr_expect_not_null(strstr(text, setting), "%s", text);
    cr_expect_null(strstr(text, "SERVICE_CHECK="));
    cr_expect_null(strstr(text, "LB_POLICY="));
}

/* Consul that does not start: this must not look like a verdict. */
Test(lab, lab_without_consul_fails, .init = setup, .fini = teardown)
{
    setenv("CONSUL", "/nonexistent/consul", 1);
    start(SHORT_LAB);
    unsetenv("CONSUL");
    cr_assert(proc_wait(&running, LAB_LIMIT_MS));
    char *output = proc_output(&running);
    cr_expect_eq(WEXITSTATUS(running.status), 1);
    cr_expect_not_null(strstr(output, "error     cannot start consul"), "%s", output);
    cr_expect_not_null(strstr(output, "verdict   none: it could not run to its end"), "%s", output);
    free(output);
}

Test(lab, lab_without_a_folder_says_why, .init = setup, .fini = teardown)
{
    snprintf(setting, sizeof setting, "TMPDIR=/dev/null");
    start(SHORT_LAB);
    cr_assert(proc_wait(&running, LAB_LIMIT_MS));
    char *output = proc_output(&running);
    cr_expect_eq(WEXITSTATUS(running.status), 1);
    cr_expect_not_null(strstr(output, "cannot create the folder /dev/null/scratch-"), "%s", output);
    free(output);
}
