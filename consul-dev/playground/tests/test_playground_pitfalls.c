/* The pitfalls as scenarios: what they need, what they print and leave, and their verdicts. All five to their ends:
 * test_outages_playground.c.
 */
#include <sys/stat.h>

#include "scenario.h"

TestSuite(playground_pitfalls, .timeout = 300);

static struct stream stream;

static void teardown_all(void)
{
    stream_close(&stream);
    unsetenv("TMPDIR");
    teardown();
}

/* All folders are in the test's own one, so that what is left can be counted. */
static void setup_private(void)
{
    char private[PLACE_PATH_MAX + 16];
    cr_assert_eq(folder_take(&folder, &err), 0);
    snprintf(private, sizeof private, "TMPDIR=%s", folder.path);
    start_playground((const char *const[]){private, NULL});
    setenv("TMPDIR", folder.path, 1);
    stream_open(&stream, "");
}

static bool one_folder_is_left(void *arg)
{
    (void)arg;
    return folders_left() == 1;
}

/* --- The real program --------------------------------------------------------------------- */

Test(playground_pitfalls, stopped_pitfall_leaves_nothing, .init = setup_private, .fini = teardown_all)
{
    struct pids pids;
    cr_assert(start_pitfall("pitfall-4", &pids));
    cr_expect(
        stream_await(&stream, "event: output\ndata: {\"name\":\"pitfall-4\",\"language\":\"en\",\"at\":0,\"text\":"));
    expect_refused("{\"action\":\"scenario\",\"name\":\"pitfall-1\"}", 409, "scenario_running");
    cr_expect_eq(act("{\"action\":\"scenario-stop\"}"), 200);
    expect_verdict("pitfall-4", "stopped");
    expect_nothing_left(&pids);
    cr_expect(wait_until(one_folder_is_left, NULL, PATIENCE_MS), "the playground's own");
    cr_expect(stream_await(&stream, "pitfall-4: stopped"));
    cr_expect_not(strstr(buf_text(&stream.text), "✓"), "its last sentence: it was not stopped");
    await_state(NULL, "passing");
}

Test(playground_pitfalls, ctrl_c_during_a_pitfall_leaves_nothing, .init = setup_private, .fini = teardown_all)
{
    struct pids pids;
    cr_assert(start_pitfall("pitfall-4", &pids));
    cr_expect_eq(end_playground(), 0);
    expect_nothing_left(&pids);
    cr_expect_eq(folders_left(), 0);
}

Test(playground_pitfalls, kill_9_during_a_pitfall_leaves_nothing, .init = setup_private, .fini = teardown_all)
{
    struct pids pids;
    cr_assert(start_pitfall("pitfall-4", &pids));
    add_children((int)playground.pid, &pids);
    proc_signal(&playground, SIGKILL);
    cr_expect(proc_wait(&playground, PATIENCE_MS));
    expect_nothing_left(&pids);
    cr_expect_eq(folders_left(), 0);
}

/* --- A program in its place, which ends at once ---------------------------------------------- */

static char programs[PLACE_PATH_MAX + 16]; /* a build folder */

static void link_program(const char *name)
{
    char build[PLACE_PATH_MAX], from[PLACE_PATH_MAX + 64], to[PLACE_PATH_MAX + 64];
    build_path(build);
    snprintf(from, sizeof from, "%s/%s", build, name);
    snprintf(to, sizeof to, "%s/%s", programs, name);
    cr_assert_eq(symlink(from, to), 0, "%s", to);
}

static void setup_without_pitfall(void)
{
    char setting[PLACE_PATH_MAX + 32];
    cr_assert_eq(folder_take(&folder, &err), 0);
    snprintf(programs, sizeof programs, "%s/programs", folder.path);
    cr_assert_eq(mkdir(programs, 0755), 0);
    link_program("user-service");
    link_program("order-service");
    link_program("consul");
    link_program("lesson");
    snprintf(setting, sizeof setting, "BUILD_DIR=%s", programs);
    start_playground((const char *const[]){setting, "LB_POLICY=random", NULL});
    stream_open(&stream, "");
}

#define LINE "0123456789"

static void write_pitfall(void)
{
    static const char script[] = "#!/bin/sh\n"
                                 "echo \"language $LC_ALL policy <$LB_POLICY>\"\n"
                                 "while [ -e \"$0.waits\" ]; do sleep 0.05; done\n"
                                 "case $1 in\n"
                                 "1) exit 0 ;;\n"
                                 "2) echo expected, but not seen; exit 1 ;;\n"
                                 "3) kill -9 $$ ;;\n"
                                 "4) yes " LINE " | head -c 1000000 ;;\n"
                                 "5) echo this machine does not allow it; exit 77 ;;\n"
                                 "esac\n";
    char path[PLACE_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/pitfall", programs);
    FILE *file = fopen(path, "we");
    cr_assert(file && fputs(script, file) >= 0 && fclose(file) == 0);
    cr_assert_eq(chmod(path, 0755), 0);
}

static int count_of(const char *text)
{
    int count = 0;
    for (const char *at = buf_text(&stream.text); (at = strstr(at, text)); at++)
        count++;
    return count;
}

Test(playground_pitfalls, unbuilt_pitfall_is_refused, .init = setup_without_pitfall, .fini = teardown_all)
{
    expect_refused("{\"action\":\"scenario\",\"name\":\"pitfall-1\"}", 409, "not_built");
    expect_refused("{\"action\":\"scenario\",\"name\":\"pitfall-6\"}", 404, "no_such_scenario");
    expect_refused("{\"action\":\"scenario\",\"name\":\"pitfall-1\",\"language\":\"fr\"}", 422, "wrong_value");
    expect_refused("{\"action\":\"scenario\",\"name\":\"pitfall-1\",\"language\":1}", 422, "wrong_value");
}

Test(playground_pitfalls, exit_code_is_the_verdict, .init = setup_without_pitfall, .fini = teardown_all)
{
    static const struct {
        const char *name, *language, *verdict, *output;
    } runs[] = {
        {"pitfall-1", "en", "passed", "language C policy <>"},
        {"pitfall-2", "zh", "failed", "language zh_CN.UTF-8 policy <>"},
        {"pitfall-3", "en", "failed", "build/pitfall: Killed"},
        {"pitfall-4", "en", "passed", LINE},
        {"pitfall-5", "en", "skipped", "this machine does not allow it"},
    };
    write_pitfall();
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        cr_expect_eq(start_scenario(runs[i].name, runs[i].language), 200);
        expect_verdict(runs[i].name, runs[i].verdict);
        cr_expect(stream_await(&stream, runs[i].output), "%s", runs[i].output);
    }
    cr_expect_lt(count_of(LINE), 2000, "the output for the page has a limit");
}

static void expect_redis_and_load_off(void)
{
    json_t *state = state_new();
    cr_expect_str_eq(text_in(node_in(state, "redis"), "process"), "ended");
    cr_expect(json_is_false(json_object_get(json_object_get(state, "load"), "on")));
    json_decref(state);
}

Test(playground_pitfalls, pitfall_needs_and_changes_no_process, .init = setup_without_pitfall, .fini = teardown_all)
{
    char waits[PLACE_PATH_MAX + 64];
    write_pitfall();
    snprintf(waits, sizeof waits, "%s/pitfall.waits", programs);
    cr_assert_eq(mkdir(waits, 0755), 0);
    cr_expect_eq(act_on("stop", "redis"), 200);
    cr_expect_eq(act("{\"action\":\"load\",\"on\":false}"), 200);
    await_member("redis", "process", "ended");
    expect_refused("{\"action\":\"scenario\",\"name\":\"storm\"}", 409, "not_all_running");
    cr_expect_eq(start_scenario("pitfall-1", "en"), 200);
    expect_redis_and_load_off();
    cr_expect_eq(rmdir(waits), 0);
    expect_verdict("pitfall-1", "passed");
    expect_redis_and_load_off();
}

Test(playground_pitfalls, later_page_gets_the_whole_output, .init = setup_without_pitfall, .fini = teardown_all)
{
    struct stream later;
    write_pitfall();
    cr_expect_eq(start_scenario("pitfall-2", "en"), 200);
    expect_verdict("pitfall-2", "failed");
    stream_open(&later, "");
    cr_expect(stream_await(&later, "\"at\":0,\"text\":\"language C policy <>\\u000aexpected, but not seen\\u000a\"}"));
    stream_close(&later);
}
