/* The playground's program: requests that it refuses, and what is left when it ends. */
#include "buttons.h"
#include "descendants.h"
#include "event_stream.h"

TestSuite(playground_safety, .timeout = 300);

/* --- Foreign requests --------------------------------------------------------------------- */

static int status_with(const char *path, const char *host, const char *origin)
{
    char url[SERVICE_URL_MAX], host_line[100], origin_line[100];
    struct probe_reply reply = {0};
    struct err ignored = ERR_INIT;
    const char *const headers[] = {host_line, origin ? origin_line : NULL, NULL};
    const struct probe_request request = {.url = url, .headers = headers};
    snprintf(url, sizeof url, "http://%s%s", page_host, path);
    snprintf(host_line, sizeof host_line, "Host: %s", host);
    snprintf(origin_line, sizeof origin_line, "Origin: %s", origin ? origin : "");
    int status = probe_send(NULL, &request, &reply, &ignored) == 0 ? reply.status : 0;
    probe_reply_close(&reply);
    return status;
}

/* Requests that a browser does not send to us, or that it marks as another page's. */
static int raw_status(const char *line, const char *header)
{
    char request[400], reply[16] = "";
    struct stream stream;
    snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: %s\r\n%s\r\n", line, page_host, header);
    stream_connect(&stream, request);
    cr_expect(stream_await(&stream, "HTTP/1.1 "));
    snprintf(reply, sizeof reply, "%s", buf_text(&stream.text));
    stream_close(&stream);
    return atoi(reply + strlen("HTTP/1.1 "));
}

Test(playground_safety, other_page_is_refused_without_an_origin, .init = setup, .fini = teardown)
{
    static const char *const own[] = {"GET /api/state", "GET /api/events", "GET /page/main.mjs"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        cr_expect_eq(raw_status(own[i], "Sec-Fetch-Site: cross-site\r\n"), 403, "%s", own[i]);
        cr_expect_eq(raw_status(own[i], "Sec-Fetch-Site: same-site\r\n"), 403, "%s", own[i]);
        cr_expect_eq(raw_status(own[i], "Sec-Fetch-Site: same-origin\r\n"), 200, "%s", own[i]);
        cr_expect_eq(raw_status(own[i], "Sec-Fetch-Site: none\r\n"), 200, "%s", own[i]);
    }
    cr_expect_eq(raw_status("GET /", "Sec-Fetch-Site: cross-site\r\n"), 200, "a link may lead to the page");
    cr_expect_eq(raw_status("GET http://evil.example/api/state", ""), 403, "the target names another host than Host");
}

static void expect_hosts(const char *path)
{
    static const char *const good[] = {"127.0.0.1",   "localhost", "LOCALHOST:8088",
                                       "127.0.0.1:1", "[::1]",     "[::1]:8088"};
    static const char *const bad[] = {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8088",
                                      "10.0.0.1",     "0.0.0.0:8088",           "[::2]:8088",
                                      "127.0.0.2",    "evil.example:8088"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect_eq(status_with(path, good[i], NULL), 200, "%s %s", path, good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(status_with(path, bad[i], NULL), 403, "%s %s", path, bad[i]);
}

Test(playground_safety, foreign_host_and_origin_are_refused, .init = setup, .fini = teardown)
{
    expect_hosts("/api/state");
    expect_hosts("/");
    cr_expect_eq(status_with("/api/state", "localhost:8088", "http://localhost:8088"), 200);
    cr_expect_eq(status_with("/api/state", "localhost", "http://localhost:80"), 200);
    cr_expect_eq(status_with("/api/state", "localhost:8088", "http://localhost:8089"), 403);
    cr_expect_eq(status_with("/api/state", "localhost:8088", "http://127.0.0.1:8088"), 403);
    cr_expect_eq(status_with("/api/state", "localhost:8088", "https://localhost:8088"), 403);
    cr_expect_eq(status_with("/api/state", "localhost:8088", "http://evil.example"), 403);
    cr_expect_eq(status_with("/api/state", "localhost:8088", "null"), 403);
    cr_expect_eq(status_with("/api/events", "evil.example", NULL), 403);
    cr_expect_eq(status_with("/api/events", "localhost:8088", "http://evil.example"), 403);
}

Test(playground_safety, forged_and_malformed_actions_are_refused, .init = setup, .fini = teardown)
{
    static const char stop[] = "{\"action\":\"stop\",\"target\":\"redis\"}";
    char code[64];
    cr_expect_eq(act_with(stop, (const char *const[]){"Content-Type: text/plain", NULL}, code), 415);
    cr_expect_eq(act_with(stop, (const char *const[]){"Content-Type: application/x-www-form-urlencoded", NULL}, code),
                 415);
    cr_expect_eq(act_with(stop, (const char *const[]){"Origin: http://evil.example", NULL}, code), 403);
    cr_expect_eq(act_with(stop, (const char *const[]){"Host: evil.example", NULL}, code), 403);
    cr_expect_eq(act("{\"action\":"), 400);
    cr_expect_eq(act("[]"), 422);
    expect_refused("{}", 422, "no_such_action");
    expect_refused("{\"action\":\"destroy\"}", 422, "no_such_action");
    expect_refused("{\"action\":\"kill\"}", 404, "no_such_process");
    expect_refused("{\"action\":\"kill\",\"target\":1}", 404, "no_such_process");
    expect_refused("{\"action\":\"kill\",\"target\":\"1\"}", 404, "no_such_process");
    struct probe_reply reply = {0};
    char policy[200];
    cr_expect_eq(get("/api/do", NULL, &reply), 405);
    cr_expect_eq(get("/page/..%2F..%2Fmain.c", NULL, &reply), 404);
    cr_expect_eq(get("/", NULL, &reply), 200);
    cr_expect(strstr(probe_header(&reply, "Content-Security-Policy", policy, sizeof policy), "default-src 'self'"));
    probe_reply_close(&reply);
    await_state("redis", "passing");
}

/* --- Ports ----------------------------------------------------------------------------------- */

static bool connects(const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)page_port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, address, &to.sin_addr);
    bool connected = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    close(fd);
    return connected;
}

Test(playground_safety, page_listens_on_loopback_only, .fini = teardown)
{
    start_playground((const char *const[]){"BIND_ADDRESS=0.0.0.0", NULL});
    cr_expect(connects("127.0.0.1"));
    cr_expect_not(connects("127.0.0.2"), "with 0.0.0.0 this address would answer, too");
}

static void expect_refusal_to_start(const char *variable)
{
    char setting[64], number[16];
    struct port port = {0};
    cr_assert_eq(port_take(&port, &err), 0);
    cr_assert_eq(listen(port.socket, 1), 0);
    snprintf(number, sizeof number, " %d ", port.number);
    snprintf(setting, sizeof setting, "%s=%d", variable, port.number);
    launch((const char *const[]){setting, NULL}, NULL);
    cr_expect(proc_wait(&playground, PATIENCE_MS));
    cr_expect(WIFEXITED(playground.status) && WEXITSTATUS(playground.status) == 1, "%s", variable);
    char *output = proc_output(&playground);
    cr_expect(strstr(output, number) && strstr(output, variable), "%s: %s", variable, output);
    free(output);
    port_release(&port);
}

Test(playground_safety, port_in_use_is_named_and_nothing_starts, .fini = teardown)
{
    expect_refusal_to_start("CONSUL_PORT");
    expect_refusal_to_start("USER_PORT");
    expect_refusal_to_start("ORDER_PORT");
    expect_refusal_to_start("PLAYGROUND_PORT");
}

Test(playground_safety, second_playground_is_led_to_the_first, .init = setup, .fini = teardown)
{
    struct proc second;
    char setting[32], log[PLACE_PATH_MAX + 16], build[PLACE_PATH_MAX], program[PLACE_PATH_MAX + 16];
    build_path(build);
    snprintf(program, sizeof program, "%s/playground", build);
    snprintf(setting, sizeof setting, "PLAYGROUND_PORT=%d", page_port);
    snprintf(log, sizeof log, "%s/second", folder.path);
    const char *const argv[] = {program, NULL};
    cr_assert_eq(proc_start(&second, argv, (const char *const[]){setting, "LC_ALL=C", NULL}, log, &err), 0);
    cr_expect(proc_wait(&second, PATIENCE_MS));
    cr_expect(WIFEXITED(second.status) && WEXITSTATUS(second.status) == 1);
    char *output = proc_output(&second);
    cr_expect(strstr(output, page_host), "it names the address of the page: %s", output);
    free(output);
    await_state(NULL, "passing");
}

Test(playground_safety, one_port_for_two_is_refused, .fini = teardown)
{
    char order[32], consul[32];
    struct port port = {0};
    cr_assert_eq(port_take(&port, &err), 0);
    snprintf(order, sizeof order, "ORDER_PORT=%d", port.number);
    snprintf(consul, sizeof consul, "CONSUL_PORT=%d", port.number);
    launch((const char *const[]){order, consul, NULL}, NULL);
    cr_expect(proc_wait(&playground, PATIENCE_MS));
    cr_expect(WIFEXITED(playground.status) && WEXITSTATUS(playground.status) == 1);
    char *output = proc_output(&playground);
    cr_expect(strstr(output, "consul") && strstr(output, "order-service"), "%s", output);
    free(output);
    port_release(&port);
}

static bool postgres_prepares(void *pids)
{
    struct pids *all = pids;
    all->count = 0;
    add_children((int)playground.pid, all);
    for (int i = 0; i < all->count; i++)
        if (strcmp(all->process[i].name, "initdb") == 0)
            return true;
    return false;
}

/* In the middle of the start: initdb runs. Its processes are not the direct children of the playground. */
static void end_during_the_start(int signum)
{
    struct pids pids;
    char private[PLACE_PATH_MAX + 16];
    cr_assert_eq(folder_take(&folder, &err), 0);
    snprintf(private, sizeof private, "TMPDIR=%s", folder.path);
    launch((const char *const[]){private, NULL}, NULL); /* a new folder has no database to copy, so initdb runs */
    cr_expect(wait_until(postgres_prepares, &pids, PATIENCE_MS));
    proc_signal(&playground, signum);
    cr_expect(proc_wait(&playground, PATIENCE_MS));
    expect_nothing_left(&pids);
    folder_remove(&folder);
}

Test(playground_safety, end_during_the_start_leaves_nothing, .fini = teardown)
{
    end_during_the_start(SIGINT);
    cr_expect(WIFEXITED(playground.status) && WEXITSTATUS(playground.status) == 0);
    end_during_the_start(SIGKILL);
}

/* --- The end ------------------------------------------------------------------------------------ */

static void count_started(struct pids *pids)
{
    pids->count = 0;
    add_children((int)playground.pid, pids);
    cr_expect_geq(pids->count, 7);
}

static void end_and_expect_nothing(int signum)
{
    struct pids pids;
    struct stream stream;
    char private[PLACE_PATH_MAX + 16];
    cr_assert_eq(folder_take(&folder, &err), 0);
    snprintf(private, sizeof private, "TMPDIR=%s", folder.path);
    start_playground((const char *const[]){private, NULL});
    count_started(&pids);
    stream_open(&stream, "");
    cr_expect(stream_await(&stream, "event: history"));
    cr_expect_eq(act_on("hang", "user-service-1"), 200);
    int64_t began = clock_ms();
    proc_signal(&playground, signum);
    cr_expect(proc_wait(&playground, PATIENCE_MS));
    cr_expect(WIFEXITED(playground.status) && WEXITSTATUS(playground.status) == 0);
    REPORT("signal %d: ended after %lld ms", signum, (long long)(clock_ms() - began));
    expect_nothing_left(&pids);
    setenv("TMPDIR", folder.path, 1);
    cr_expect_eq(folders_left(), 0);
    unsetenv("TMPDIR");
    stream_close(&stream);
}

Test(playground_safety, ctrl_c_ends_all_and_removes_its_folder, .fini = teardown)
{
    end_and_expect_nothing(SIGINT);
}

Test(playground_safety, closed_terminal_ends_all_and_removes_its_folder, .fini = teardown)
{
    end_and_expect_nothing(SIGHUP);
}

Test(playground_safety, kill_9_leaves_no_process, .init = setup, .fini = teardown)
{
    static const char *const hung[] = {"user-service-1", "consul", "redis", "postgres"};
    struct pids pids;
    count_started(&pids);
    for (size_t i = 0; i < sizeof hung / sizeof *hung; i++)
        cr_expect_eq(act_on("hang", hung[i]), 200);
    proc_signal(&playground, SIGKILL);
    cr_expect(proc_wait(&playground, PATIENCE_MS));
    expect_nothing_left(&pids);
}

Test(playground_safety, second_ctrl_c_ends_all_at_once, .init = setup, .fini = teardown)
{
    struct pids pids;
    count_started(&pids);
    proc_signal(&playground, SIGINT);
    proc_signal(&playground, SIGINT);
    cr_expect(proc_wait(&playground, PATIENCE_MS));
    expect_nothing_left(&pids);
}

Test(playground_safety, wrong_setting_is_named, .fini = teardown)
{
    static const char *const settings[] = {"PLAYGROUND_PORT=x", "LB_POLICY=fastest", "DISCOVERY_CACHE_TTL=10"};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        launch((const char *const[]){settings[i], NULL}, NULL);
        cr_expect(proc_wait(&playground, PATIENCE_MS));
        cr_expect(WIFEXITED(playground.status) && WEXITSTATUS(playground.status) == 2);
        char *output = proc_output(&playground);
        cr_expect(strstr(output, settings[i]), "%s", output);
        free(output);
    }
}
