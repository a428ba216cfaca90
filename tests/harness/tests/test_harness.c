/* Tests the harness: ports and folders are not shared with other tests, programs end with a test
 * that crashes, and real servers keep their ports. */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/http_probe.h"
#include "harness/server.h"

TestSuite(harness, .timeout = 300);

static struct folder folder;

static void take_folder(void)
{
    struct err err = ERR_INIT;
    cr_assert_eq(folder_take(&folder, &err), 0, "%s", err.text);
}

static void drop_folder(void)
{
    folder_remove(&folder);
}

TestSuite(server, .init = take_folder, .fini = drop_folder, .timeout = 300);

/* --- Ports and folders -------------------------------------------------------------- */

static int listen_on(int port, uint32_t address)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(address)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&in, sizeof in) == 0 && listen(fd, 8) == 0)
        return fd;
    close(fd);
    return -1;
}

Test(harness, taken_port_is_unique_and_can_be_reused_by_server)
{
    enum { MANY = 500 };
    struct err err = ERR_INIT;
    struct port port, others[MANY];
    cr_assert_eq(port_take(&port, &err), 0, "%s", err.text);
    for (int i = 0; i < 3; i++) {
        int fd = listen_on(port.number, i == 1 ? INADDR_ANY : INADDR_LOOPBACK);
        cr_expect_geq(fd, 0, "%s", strerror(errno));
        close(fd);
    }
    for (int i = 0; i < MANY; i++) {
        cr_assert_eq(port_take(&others[i], &err), 0, "%s", err.text);
        cr_expect_neq(others[i].number, port.number);
    }
    for (int i = 0; i < MANY; i++)
        port_release(&others[i]);
    port_release(&port);
    port_release(&port);
}

/* A program that sends UDP gets its port from the kernel, which knows nothing of ports taken for TCP. */
Test(harness, udp_ports_of_consul_go_to_no_sender)
{
    static struct server consul;
    struct folder place;
    struct err err = ERR_INIT;
    int first_of_senders = 0;
    FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    cr_assert(range && fscanf(range, "%d", &first_of_senders) == 1);
    fclose(range);
    cr_assert_eq(folder_take(&place, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&consul, SERVER_CONSUL, &place, &err), 0, "%s", err.text);
    const struct port *const ports[] = {&consul.inner[0], &consul.inner[1], &consul.dns};
    for (int i = 0; i < 3; i++)
        cr_expect_lt(ports[i]->number, first_of_senders);
    server_close(&consul);
    folder_remove(&place);
}

Test(harness, port_is_taken_with_those_at_its_distances)
{
    static const int offsets[] = {-1000, 1000, 0};
    struct err err = ERR_INIT;
    struct port port, next;
    cr_assert_eq(port_take_with(&port, offsets, &err), 0, "%s", err.text);
    int first = port.number;
    cr_expect(first > 11000 && first + 1000 < 32768, "%d", first);
    int fds[] = {listen_on(first, INADDR_LOOPBACK), listen_on(first + 1000, INADDR_ANY)};
    cr_assert_eq(port_take_with(&next, offsets, &err), 0, "%s", err.text);
    cr_expect_neq(next.number, first);
    port_release(&next);

    close(fds[0]);
    port_release(&port); /* still in use: the one at a distance */
    cr_assert_eq(port_take_with(&next, offsets, &err), 0, "%s", err.text);
    cr_expect_neq(next.number, first);
    port_release(&next);
    close(fds[1]);
}

static void take_folder_and_wait(int out)
{
    struct err err = ERR_INIT;
    struct folder left;
    if (folder_take(&left, &err) == 0) {
        char inner[PLACE_PATH_MAX + 16];
        snprintf(inner, sizeof inner, "%s/inner", left.path);
        mkdir(inner, 0700);
        ssize_t len = (ssize_t)strlen(left.path);
        cr_expect_eq(write(out, left.path, (size_t)len), len);
    }
    while (true)
        pause();
}

Test(harness, folder_is_removed_also_after_a_crash)
{
    struct err err = ERR_INIT;
    struct folder mine, other;
    cr_assert_eq(folder_take(&mine, &err), 0, "%s", err.text);
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0)
        take_folder_and_wait(ends[1]);
    char left[PLACE_PATH_MAX] = "";
    cr_assert_gt(read(ends[0], left, sizeof left - 1), 0);
    cr_expect_eq(access(left, F_OK), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);

    cr_assert_eq(folder_take(&other, &err), 0, "%s", err.text);
    cr_expect_neq(access(left, F_OK), 0, "the folder of the crashed test is removed");
    cr_expect_eq(access(mine.path, F_OK), 0, "our folder is not removed");
    char path[PLACE_PATH_MAX];
    snprintf(path, sizeof path, "%s", mine.path);
    folder_remove(&mine);
    folder_remove(&other);
    cr_expect_neq(access(path, F_OK), 0);
}

/* --- Processes ------------------------------------------------------------------------ */

Test(server, program_gets_its_environment_and_output_is_kept)
{
    struct err err = ERR_INIT;
    struct proc proc;
    char log[PLACE_PATH_MAX + 8], port[16] = "";
    snprintf(log, sizeof log, "%s/log", folder.path);
    setenv("GONE", "1", 1);
    const char *const argv[] = {"sh", "-c", "echo early; echo \"msg=listening port=$P x=${GONE-none}\"; sleep 60",
                                NULL};
    const char *const env[] = {"P=81", "GONE", NULL};
    cr_assert_eq(proc_start(&proc, argv, env, log, &err), 0, "%s", err.text);
    cr_expect(proc_wait_output(&proc, "msg=listening port=", port, sizeof port, 60000));
    cr_expect_str_eq(port, "81");
    char *output = proc_output(&proc);
    cr_expect_str_eq(output, "early\nmsg=listening port=81 x=none\n");
    free(output);
    cr_expect(proc_is_running(&proc));
    int status = proc_stop(&proc, SIGTERM, 60000);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    cr_expect_not(proc_is_running(&proc));
}

Test(server, program_that_ignores_sigterm_is_killed)
{
    struct err err = ERR_INIT;
    struct proc deaf, paused;
    char log[PLACE_PATH_MAX + 8];
    snprintf(log, sizeof log, "%s/log", folder.path);
    const char *const argv[] = {"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done", NULL};
    cr_assert_eq(proc_start(&deaf, argv, NULL, log, &err), 0, "%s", err.text);
    cr_expect(proc_wait_output(&deaf, "ready", NULL, 0, 60000));
    cr_expect_eq(WTERMSIG(proc_stop(&deaf, SIGTERM, 100)), SIGKILL);

    cr_assert_eq(proc_start(&paused, (const char *[]){"sleep", "60", NULL}, NULL, log, &err), 0);
    proc_pause(&paused);
    cr_expect_eq(WTERMSIG(proc_stop(&paused, SIGTERM, 60000)), SIGTERM);
}

Test(server, failed_program_is_reported_with_its_last_line)
{
    struct err err = ERR_INIT;
    char log[PLACE_PATH_MAX + 8];
    snprintf(log, sizeof log, "%s/log", folder.path);
    cr_expect_eq(proc_run((const char *[]){"true", NULL}, NULL, log, 5000, &err), 0);
    cr_expect_eq(proc_run((const char *[]){"sh", "-c", "echo a; echo b; exit 3", NULL}, NULL, log, 5000, &err), -1);
    cr_expect_str_eq(err.text, "cannot run sh: b");
    err_clear(&err);
    cr_expect_eq(proc_run((const char *[]){"/no/such", NULL}, NULL, log, 5000, &err), -1);
    cr_expect(strstr(err.text, "cannot run /no/such"), "%s", err.text);
}

/* Forks a process that starts a server and is then killed, like a test that crashes. */
static pid_t start_and_crash(bool paused, struct server *server)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct err err = ERR_INIT;
        pid_t child = -1;
        if (server_start(server, &err) == 0) {
            child = server->proc.pid;
            if (paused)
                server_pause(server);
        }
        cr_expect_eq(write(ends[1], &child, sizeof child), (ssize_t)sizeof child);
        kill(getpid(), SIGKILL);
    }
    pid_t child = -1;
    cr_expect_eq(read(ends[0], &child, sizeof child), (ssize_t)sizeof child);
    waitpid(pid, NULL, 0);
    return child;
}

/* An orphan that has ended may stay a zombie if its new parent does not call waitpid(). */
static bool is_gone(void *arg)
{
    char path[64], state = 'X';
    snprintf(path, sizeof path, "/proc/%d/stat", *(pid_t *)arg);
    FILE *file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%*d %*s %c", &state) != 1)
            state = 'X';
        fclose(file);
    }
    return state == 'X' || state == 'Z';
}

static bool answers(void *server)
{
    return server_answers(server);
}

static void expect_gone_after_crash(enum server_kind kind, bool paused)
{
    struct err err = ERR_INIT;
    struct server server;
    cr_assert_eq(server_init(&server, kind, &folder, &err), 0, "%s", err.text);
    pid_t child = start_and_crash(paused, &server);
    cr_expect_gt(child, 0);
    cr_expect(child > 0 && wait_until(is_gone, &child, 20000));
    server_close(&server);
}

Test(server, programs_of_a_crashed_test_end_with_it)
{
    expect_gone_after_crash(SERVER_POSTGRES, false);
    expect_gone_after_crash(SERVER_REDIS, false);
    expect_gone_after_crash(SERVER_CONSUL, false);
}

Test(server, paused_program_of_a_crashed_test_ends_too)
{
    expect_gone_after_crash(SERVER_POSTGRES, true);
    expect_gone_after_crash(SERVER_REDIS, true);
}

/* --- Servers --------------------------------------------------------------------------- */

/* A server hangs, is killed and starts again on the same port. */
static void hang_and_kill(enum server_kind kind)
{
    struct err err = ERR_INIT;
    struct server server;
    cr_assert_eq(server_init(&server, kind, &folder, &err), 0, "%s", err.text);
    cr_expect_not(server_answers(&server));
    cr_assert_eq(server_start(&server, &err), 0, "%s", err.text);
    cr_expect(server_answers(&server));
    server_pause(&server);
    cr_expect_not(server_answers(&server));
    server_resume(&server);
    cr_expect(wait_until(answers, &server, 60000));
    server_kill(&server);
    cr_expect_not(server_answers(&server));
    cr_assert_eq(server_start(&server, &err), 0, "%s", err.text);
    cr_expect(server_answers(&server));
    server_close(&server);
    cr_expect_not(proc_is_running(&server.proc));
}

Test(server, postgres_keeps_its_port_after_hang_and_kill)
{
    hang_and_kill(SERVER_POSTGRES);
}

Test(server, redis_keeps_its_port_after_hang_and_kill)
{
    hang_and_kill(SERVER_REDIS);
}

Test(server, killed_postgres_keeps_data_and_reports_sql_errors)
{
    struct err err = ERR_INIT;
    struct server postgres;
    cr_assert_eq(server_init(&postgres, SERVER_POSTGRES, &folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_start(&postgres, &err), 0, "%s", err.text);
    cr_expect_eq(server_sql(&postgres, NULL, "CREATE TABLE t AS SELECT 1 AS a", &err), 0, "%s", err.text);
    server_kill(&postgres);
    cr_assert_eq(server_start(&postgres, &err), 0, "%s", err.text);
    cr_expect_eq(server_sql(&postgres, NULL, "SELECT a FROM t", &err), 0, "%s", err.text);
    cr_expect_eq(server_sql(&postgres, NULL, "SELECT a FROM nowhere", &err), -1);
    cr_expect_neq(err.text[0], '\0');
    server_close(&postgres);
}

Test(server, probe_sees_status_headers_and_body_of_consul)
{
    struct err err = ERR_INIT;
    struct server consul;
    cr_assert_eq(server_init(&consul, SERVER_CONSUL, &folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_start(&consul, &err), 0, "%s", err.text);

    char url[256], header[64];
    struct probe_reply reply = {0};
    struct probe *probe = probe_new();
    snprintf(url, sizeof url, "%s/v1/kv/a", consul.url);
    cr_expect_eq(probe_get(probe, url, &reply), 404);
    cr_expect_eq(probe_send(probe, &(struct probe_request){.method = "PUT", .url = url, .body = "x"}, &reply, &err), 0);
    cr_expect_str_eq(buf_text(&reply.body), "true\n");
    cr_expect_eq(probe_get(probe, url, &reply), 200);
    cr_expect_str_eq(probe_header(&reply, "content-type", header, sizeof header), "application/json");
    cr_expect_str_eq(probe_header(&reply, "content", header, sizeof header), "");
    server_kill(&consul);
    cr_expect_eq(probe_send(probe, &(struct probe_request){.url = url}, &reply, &err), -1);
    cr_expect(err.code == ERR_UNREACHABLE || err.code == ERR_BROKEN, "%s", err.text);
    probe_reply_close(&reply);
    probe_free(probe);
    server_close(&consul);
}
