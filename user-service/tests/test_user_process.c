/* The program as its user sees it: arguments, exit codes, logs. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "service/tests/http_case.h"
#include "service/tests/service_case.h"

TestSuite(user_process, .timeout = 300);

/* No server runs: these tests need none. */
static struct world world;

static void setup(void)
{
    struct err err = ERR_INIT;
    cr_assert_eq(folder_take(&world.folder, &err), 0, "%s", err.text);
    server_init(&world.postgres, SERVER_POSTGRES, &world.folder, &err);
    server_init(&world.redis, SERVER_REDIS, &world.folder, &err);
    cr_assert_eq(server_init(&world.consul, SERVER_CONSUL, &world.folder, &err), 0, "%s", err.text);
}

static void teardown(void)
{
    world_stop(&world);
}

/* Runs the program to its end and returns its exit code. *output gets what it wrote;
 * the caller frees it. */
static int run(const char *program, const char *const args[3], const char *const env[], char **output)
{
    char build[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 32], log[PLACE_PATH_MAX + 16];
    struct proc proc;
    struct err err = ERR_INIT;
    build_path(build);
    snprintf(path, sizeof path, "%s/%s", build, program);
    snprintf(log, sizeof log, "%s/run.log", world.folder.path);
    const char *const argv[] = {path, args[0], args[0] ? args[1] : NULL, args[0] && args[1] ? args[2] : NULL, NULL};
    cr_assert_eq(proc_start(&proc, argv, env, log, &err), 0, "%s", err.text);
    bool ended = proc_wait(&proc, 15000);
    cr_expect(ended, "%s: it does not end", args[0] ? args[0] : program);
    proc_stop(&proc, SIGKILL, 0);
    *output = proc_output(&proc);
    return WIFEXITED(proc.status) ? WEXITSTATUS(proc.status) : -1;
}

static int count_lines(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* --- Rejected input --------------------------------------------------------------- */

static void expect_rejected(const char *program, const char *variable, const char *shown)
{
    char *output;
    const char *const args[3] = {NULL}, *const env[] = {variable, NULL};
    cr_expect_eq(run(program, args, env, &output), 2, "%s", variable);
    cr_expect_eq(strncmp(output, shown, strlen(shown)), 0, "%s: %s", variable, output);
    cr_expect(strstr(output, "want "), "%s", output);
    cr_expect_eq(count_lines(output), 1, "%s", output);
    cr_expect_not(strstr(output, "hunter2"), "%s", output);
    free(output);
}

Test(user_process, wrong_variable_is_exit_code_2_and_one_line, .init = setup, .fini = teardown)
{
    expect_rejected("user-service", "PORT=99999", "PORT=99999: ");
    expect_rejected("user-service", "CHECK_INTERVAL=10", "CHECK_INTERVAL=10: ");
    expect_rejected("user-service", "SERVICE_CHECK=script", "SERVICE_CHECK=script: ");
    expect_rejected("user-service", "DATABASE_URL=mysql://me:hunter2@db/x", "DATABASE_URL=***: ");
    expect_rejected("user-service", "REDIS_URL=rediss://:hunter2@db", "REDIS_URL=***: ");
    expect_rejected("user-service", "CONSUL_HTTP_ADDR=ftp://me:hunter2@consul", "CONSUL_HTTP_ADDR=***: ");
    expect_rejected("user-service", "CONSUL_HTTP_TOKEN_FILE=/nonexistent/hunter2", "CONSUL_HTTP_TOKEN_FILE=***: ");
    expect_rejected("user-service", "REGISTRIES=consul,nacos", "REGISTRIES=consul,nacos: ");
    expect_rejected("user-service", "ETCD_ENDPOINTS=http://me:hunter2@", "ETCD_ENDPOINTS=***: ");
    expect_rejected("order-service", "LB_POLICY=fastest", "LB_POLICY=fastest: ");
    expect_rejected("order-service", "STATIC_INSTANCES=127.0.0.1:8001", "STATIC_INSTANCES=127.0.0.1:8001: ");
    expect_rejected("order-service", "DISCOVERY_CACHE_TTL=30", "DISCOVERY_CACHE_TTL=30: ");
    expect_rejected("order-service", "CALL_ATTEMPTS=0", "CALL_ATTEMPTS=0: ");
    expect_rejected("order-service", "CALL_BACKUP_AFTER=20", "CALL_BACKUP_AFTER=20: ");
}

Test(user_process, name_that_a_url_swallows_is_rejected, .init = setup, .fini = teardown)
{
    expect_rejected("user-service", "SERVICE_ID=.", "SERVICE_ID=.: ");
    expect_rejected("user-service", "SERVICE_ID=..", "SERVICE_ID=..: ");
    expect_rejected("user-service", "SERVICE_ID=register", "SERVICE_ID=register: ");
    expect_rejected("user-service", "SERVICE_NAME=..", "SERVICE_NAME=..: ");
    expect_rejected("user-service", "SERVICE_ADDRESS=..", "SERVICE_ADDRESS=..: ");
    expect_rejected("order-service", "USER_SERVICE_NAME=..", "USER_SERVICE_NAME=..: ");
    expect_rejected("order-service", "STATIC_INSTANCES=..=127.0.0.1:1", "STATIC_INSTANCES=..=127.0.0.1:1: ");
    expect_rejected("order-service", "STATIC_INSTANCES=a/b=127.0.0.1:1", "STATIC_INSTANCES=a/b=127.0.0.1:1: ");
}

/* Starts the program with the setting. A setting that it accepts leads to the next problem: the port is in use. */
static char *try_setting(const char *program, const char *port, const char *name, const char *value, int *code)
{
    char setting[200], *output;
    const char *const args[3] = {"--port", port}, *const env[] = {setting, NULL};
    snprintf(setting, sizeof setting, "%s=%s", name, value);
    *code = run(program, args, env, &output);
    return output;
}

/* Returns how many examples follow "such as", as in "such as 10s, 5m or 1h". Each must be accepted. */
static int expect_examples_accepted(const char *program, const char *port, const char *name, const char *text)
{
    const char *end = text + strcspn(text, "\n"), *at = strstr(text, "such as ");
    int count = 0;
    bool more = at && at < end;
    for (at = at ? at + strlen("such as ") : end; more; count++) {
        char example[128], *output;
        size_t len = strcspn(at, " \n");
        more = at[len - 1] == ',' || strncmp(at + len, " or ", 4) == 0;
        snprintf(example, sizeof example, "%.*s", (int)(at[len - 1] == ',' ? len - 1 : len), at);
        at += len + (strncmp(at + len, " or ", 4) == 0 ? 4 : 1);
        int code;
        output = try_setting(program, port, name, example, &code);
        cr_expect_eq(code, 1, "%s=%s is an example: %s", name, example, output);
        free(output);
    }
    return count;
}

/* Takes the examples from --help, and from the error that a wrong value gives. */
static void expect_all_examples_accepted(const char *program, const char *port, int least)
{
    char *help, name[64] = "";
    int count = 0;
    const char *const args[3] = {"--help"};
    cr_assert_eq(run(program, args, NULL, &help), 0);
    for (char *line = strstr(help, "Environment variables:"); line && *line; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, "  ", 2) == 0 && line[2] != ' ')
            snprintf(name, sizeof name, "%.*s", (int)strcspn(line + 2, "\n"), line + 2);
        if (strncmp(line, "      default ", 14) != 0 || expect_examples_accepted(program, port, name, line) == 0)
            continue;
        int code;
        char *output = try_setting(program, port, name, "?", &code);
        cr_expect_eq(code, 2, "%s=?: %s", name, output);
        cr_expect_gt(expect_examples_accepted(program, port, name, output), 0, "%s", output);
        free(output);
        count++;
    }
    cr_expect_geq(count, least, "%s: %d settings have examples", program, count);
    free(help);
}

Test(user_process, examples_in_messages_are_accepted, .init = setup, .fini = teardown)
{
    struct service first;
    char port[16];
    start_service(&first, &world, "user-service", NULL);
    snprintf(port, sizeof port, "%d", first.port);
    expect_all_examples_accepted("user-service", port, 12);
    expect_all_examples_accepted("order-service", port, 14);
    cr_expect_eq(service_stop(&first), 0);
}

Test(user_process, settings_of_the_other_service_are_ignored, .init = setup, .fini = teardown)
{
    struct service users;
    start_service(&users, &world, "user-service", (const char *[]){"LB_POLICY=fastest", NULL});
    cr_expect_eq(service_stop(&users), 0);
}

Test(user_process, wrong_argument_is_exit_code_2_and_one_line, .init = setup, .fini = teardown)
{
    static const char *const wrong[][3] = {{"--prot", "80"}, {"--port", "x"}, {"--port"}, {"--port", "70000"},
                                           {"serve"},        {"--port=-1"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *output;
        cr_expect_eq(run("user-service", wrong[i], NULL, &output), 2, "%s", wrong[i][0]);
        cr_expect_eq(count_lines(output), 1, "%s", output);
        cr_expect(strstr(output, "want "), "%s", output);
        free(output);
    }
}

Test(user_process, port_in_use_is_exit_code_1_and_one_line, .init = setup, .fini = teardown)
{
    struct service first;
    char port[16], *output;
    start_service(&first, &world, "user-service", NULL);
    snprintf(port, sizeof port, "%d", first.port);
    const char *const args[3] = {"--port", port};
    cr_expect_eq(run("user-service", args, NULL, &output), 1);
    cr_expect_eq(count_lines(output), 1, "%s", output);
    cr_expect(strstr(output, port), "%s", output);
    free(output);
    cr_expect_eq(run("order-service", args, NULL, &output), 1);
    cr_expect_eq(count_lines(output), 1, "%s", output);
    free(output);
    cr_expect(await_status(&first, "/health/live", 200), "the first instance still serves");
    cr_expect_eq(service_stop(&first), 0);
}

/* Without this, the loop's own files would get the numbers 0 to 2: log lines would go
 * into them, and they could not be closed. */
Test(user_process, closed_standard_files_do_not_change_the_exit, .init = setup, .fini = teardown)
{
    struct service first;
    struct proc proc;
    struct err err = ERR_INIT;
    char build[PLACE_PATH_MAX], log[PLACE_PATH_MAX + 16], port[16];
    start_service(&first, &world, "user-service", NULL);
    build_path(build);
    snprintf(log, sizeof log, "%s/bash.log", world.folder.path);
    snprintf(port, sizeof port, "%d", first.port);
    const char *const argv[] = {"bash", "-c", "exec \"$0/user-service\" --port $1 <&- >&- 2>&-", build, port, NULL};
    cr_assert_eq(proc_start(&proc, argv, NULL, log, &err), 0, "%s", err.text);
    cr_expect(proc_wait(&proc, 15000));
    cr_expect(WIFEXITED(proc.status) && WEXITSTATUS(proc.status) == 1, "its port is in use: %x", proc.status);
    cr_expect_eq(service_stop(&first), 0);
}

Test(user_process, grpc_port_in_use_is_exit_code_1_and_one_line, .init = setup, .fini = teardown)
{
    struct service first;
    char port[32], *output;
    start_service(&first, &world, "user-service", NULL);
    snprintf(port, sizeof port, "GRPC_PORT=%d", first.port);
    const char *const args[3] = {"--port", "0"}, *const env[] = {"SERVICE_CHECK=grpc", port, NULL};
    cr_expect_eq(run("user-service", args, env, &output), 1);
    cr_expect_eq(count_lines(output), 1, "%s", output);
    cr_expect(strstr(output, strchr(port, '=') + 1), "%s", output);
    free(output);
    cr_expect_eq(service_stop(&first), 0);
}

/* --- Help, version, healthcheck, secrets ------------------------------------------ */

static void expect_all_named(const char *program, const char *const names[])
{
    char *output;
    const char *const args[3] = {"--help"};
    cr_expect_eq(run(program, args, NULL, &output), 0);
    for (; *names; names++) {
        char line[64];
        snprintf(line, sizeof line, "  %s\n", *names);
        cr_expect(strstr(output, line), "%s: %s", program, *names);
    }
    free(output);
}

Test(user_process, help_names_every_variable, .init = setup, .fini = teardown)
{
    static const char *const both[] = {
        "PORT", "BIND_ADDRESS", "SERVICE_NAME", "SERVICE_ID", "SERVICE_ADDRESS", "SERVICE_TAGS", "SERVICE_VERSION",
        "SERVICE_ZONE", "SERVICE_WEIGHT", "SERVICE_CHECK", "GRPC_PORT", "CHECK_INTERVAL", "CHECK_TIMEOUT",
        "DEREGISTER_CRITICAL_AFTER", "REGISTER_JITTER", "RECONCILE_INTERVAL", "DRAIN_TIMEOUT", "CONSUL_HTTP_ADDR",
        "CONSUL_HTTP_TOKEN", "CONSUL_HTTP_TOKEN_FILE", "CONSUL_HTTP_SSL", "CONSUL_HTTP_SSL_VERIFY", "CONSUL_CACERT",
        "CONSUL_CLIENT_CERT", "CONSUL_CLIENT_KEY", "CONSUL_TLS_SERVER_NAME", "REGISTRIES", "ETCD_ENDPOINTS",
        "NACOS_SERVER_ADDR", "NACOS_NAMESPACE", "NACOS_GROUP", "NACOS_USERNAME", "NACOS_PASSWORD",
        "NACOS_PASSWORD_FILE", "EUREKA_URL", "DATABASE_URL", "DATABASE_TIMEOUT", "HEALTH_TIMEOUT", "DISK_PATH", "DISK_MIN_FREE", "LOG_LEVEL", NULL};
    static const char *const users[] = {"REDIS_URL", NULL};
    static const char *const orders[] = {"USER_SERVICE_NAME", "USER_SERVICE_VERSION", "USER_SERVICE_TAGS",
                                         "USER_SERVICE_CANARY", "DISCOVERY_CACHE_TTL", "DISCOVERY_MODE",
                                         "DISCOVERY_SNAPSHOT_DIR", "STATIC_INSTANCES", "LB_POLICY", "LB_SLOW_START",
                                         "CALL_TIMEOUT", "CALL_ATTEMPTS", "CALL_BACKUP_AFTER", NULL};
    expect_all_named("user-service", both);
    expect_all_named("user-service", users);
    expect_all_named("order-service", both);
    expect_all_named("order-service", orders);
}

Test(user_process, version_is_one_line, .init = setup, .fini = teardown)
{
    char *output;
    const char *const args[3] = {"--version"};
    cr_expect_eq(run("user-service", args, NULL, &output), 0);
    cr_expect_eq(strncmp(output, "user-service ", 13), 0, "%s", output);
    cr_expect_eq(count_lines(output), 1, "%s", output);
    free(output);
}

Test(user_process, healthcheck_is_0_while_an_instance_is_alive_else_1, .init = setup, .fini = teardown)
{
    struct service users;
    char port[32], *output;
    start_service(&users, &world, "user-service", (const char *[]){"BIND_ADDRESS=127.0.0.1", NULL});
    snprintf(port, sizeof port, "PORT=%d", users.port);
    const char *const args[3] = {"--healthcheck"};
    const char *const env[] = {port, NULL}, *const wrong_address[] = {port, "BIND_ADDRESS=127.0.0.2", NULL};
    cr_expect_eq(run("user-service", args, env, &output), 0, "although no dependency is up");
    free(output);
    cr_expect_eq(run("user-service", args, wrong_address, &output), 1);
    free(output);
    cr_expect_eq(service_stop(&users), 0);
    cr_expect_eq(run("user-service", args, env, &output), 1);
    cr_expect_eq(count_lines(output), 1, "%s", output);
    free(output);
}

Test(user_process, secrets_are_in_no_log_and_no_reply, .init = setup, .fini = teardown)
{
    struct service users, orders;
    static const char *const env[] = {"LOG_LEVEL=debug",
                                      "DATABASE_URL=postgresql://me:hunter2@127.0.0.1:1/lesson",
                                      "REDIS_URL=redis://me:hunter2@127.0.0.1:1/0",
                                      "CONSUL_HTTP_ADDR=127.0.0.1:1",
                                      "CONSUL_HTTP_TOKEN=hunter2",
                                      "ETCD_ENDPOINTS=http://me:hunter2@127.0.0.1:1",
                                      NULL};
    start_service(&users, &world, "user-service", env);
    start_service(&orders, &world, "order-service", env);
    EXPECT_CASES(&users, {"/users/5", 503}, {"/health", 503});
    EXPECT_CASES(&orders, {"/users/5", 503}, {"/orders/1", 503}, {"/health", 503});
    char *replies[] = {body_of(&users, "/users/5"), body_of(&users, "/health"), body_of(&orders, "/health"),
                       body_of(&orders, "/discovery"), body_of(&orders, "/metrics")};
    cr_expect_eq(service_stop(&users), 0);
    cr_expect_eq(service_stop(&orders), 0);
    char *logs[] = {proc_output(&users.proc), proc_output(&orders.proc)};
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        cr_expect_not(strstr(replies[i], "hunter2"), "%s", replies[i]);
        free(replies[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        cr_expect_not(strstr(logs[i], "hunter2"), "%s", logs[i]);
        free(logs[i]);
    }
}

/* --- A full disk ------------------------------------------------------------------------- */

/* A tmpfs that only this process and its children see. Needs root. Its top folder uses one inode. */
static void mount_tmpfs(const char *path, const char *options)
{
    if (mkdir(path, 0755) == 0 && unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("tmpfs", path, "tmpfs", 0, options) == 0)
        return;
    fprintf(stderr, "    skipped: cannot mount a tmpfs here: %s\n", strerror(errno));
    cr_skip_test("cannot mount a tmpfs here: %s", strerror(errno));
}

Test(user_process, disk_without_free_inodes_is_unhealthy, .init = setup, .fini = teardown)
{
    struct service users;
    char path[PLACE_PATH_MAX + 8], setting[PLACE_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/mnt", world.folder.path);
    snprintf(setting, sizeof setting, "DISK_PATH=%s", path);
    mount_tmpfs(path, "nr_inodes=1,size=1m");

    start_service(&users, &world, "user-service", (const char *[]){setting, NULL});
    AWAIT_CASE(&users, "/health", 503, .part = "0.0% of the inodes free (0 of 1), less than DISK_MIN_FREE=5%");
    cr_expect_eq(mount("tmpfs", path, "tmpfs", MS_REMOUNT, "nr_inodes=100"), 0);
    AWAIT_CASE(&users, "/health", 503, .part = "\"disk\":{\"status\":\"healthy\"");
    cr_expect_eq(service_stop(&users), 0);
    umount2(path, MNT_DETACH);
}
