/* redis against a real Redis: its commands, while the server starts late, is killed or hangs. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/server.h"
#include "loop/loop.h"
#include "loop/resolve.h"
#include "loop/sync.h"
#include "store/redis.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

/* --- A Redis, a client, a loop ---------------------------------------------------- */

static struct folder folder;
static struct server server;
static struct redis *redis;

static void setup(void)
{
    struct err err = ERR_INIT;
    cr_assert_eq(folder_take(&folder, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&server, SERVER_REDIS, &folder, &err), 0, "%s", err.text);
    loop_open();
}

static void teardown(void)
{
    cr_expect_eq(fibers_alive(), 0);
    cr_expect_eq(loop_close(), 0);
    server_close(&server);
    folder_remove(&folder);
#if defined(__SANITIZE_ADDRESS__)
    cr_expect_eq(__lsan_do_recoverable_leak_check(), 0);
#endif
}

TestSuite(redis, .init = setup, .fini = teardown, .timeout = 300);

static void start_server(void)
{
    struct err err = ERR_INIT;
    cr_expect_eq(server_start(&server, &err), 0, "%s", err.text);
}

static void run_client(void *arg)
{
    void (*body)(void) = (void (*)(void))arg;
    redis = redis_new(server.url, "probe");
    body();
    redis_close(redis);
}

static void with_client(void (*body)(void))
{
    loop_run(run_client, (void *)body);
}

/* Lets the loop run until Redis is up, or down. */
static bool becomes_up(bool up, int64_t limit_ms)
{
    int64_t deadline = deadline_in(limit_ms);
    while (redis_is_up(redis) != up && deadline_left(deadline) > 0)
        fiber_sleep(2);
    return redis_is_up(redis) == up;
}

/* redis_probe() while it is down: the reason, as /health shows it. */
static bool probe_says(const char *word)
{
    int64_t limit = deadline_in(30000);
    struct err err = ERR_INIT;
    do {
        err_clear(&err);
        redis_probe(redis, limit, &err);
    } while (!strstr(err.text, word) && deadline_left(limit) > 0);
    return strstr(err.text, word) != NULL;
}

static enum err_code get(const char *key, int64_t ms, char *out, size_t size)
{
    struct err err = ERR_INIT;
    struct buf buf = BUF_INIT(4096);
    bool found = false;
    redis_get(redis, key, deadline_in(ms), &buf, &found, &err);
    snprintf(out, size, "%s", err.code ? err.text : found ? buf_text(&buf) : "(none)");
    buf_close(&buf);
    return err.code;
}

static enum err_code set(const char *key, const char *value)
{
    struct err err = ERR_INIT;
    redis_set(redis, key, value, strlen(value), 60000, deadline_in(10000), &err);
    return err.code;
}

/* --- Tests ------------------------------------------------------------------------ */

Test(redis_url, valid_urls_are_accepted_and_others_rejected)
{
    cr_expect_eq(redis_check_url("redis://127.0.0.1:6379/0"), 0);
    cr_expect_eq(redis_check_url("redis://u:p@host/15"), 0);
    cr_expect_eq(redis_check_url("redis://:p@host"), 0);
    cr_expect_eq(redis_check_url("redis://[::1]:1"), 0);
    cr_expect_eq(redis_check_url("rediss://127.0.0.1"), -1);
    cr_expect_eq(redis_check_url("redis://host/x"), -1);
    cr_expect_eq(redis_check_url("redis://host/0/1"), -1);
    cr_expect_eq(redis_check_url("127.0.0.1:6379"), -1);
    cr_expect_eq(redis_check_url(""), -1);
}

static void use(void)
{
    char value[300];
    struct err err = ERR_INIT;
    cr_expect_eq(get("a", 10000, value, sizeof value), ERR_UNREACHABLE, "not yet");
    cr_expect(becomes_up(true, 30000));
    get("a", 10000, value, sizeof value);
    cr_expect_str_eq(value, "(none)");
    cr_expect_eq(set("a", "one"), ERR_NONE);
    get("a", 10000, value, sizeof value);
    cr_expect_str_eq(value, "one");
    cr_expect_eq(redis_del(redis, "a", deadline_in(10000), &err), 0);
    get("a", 10000, value, sizeof value);
    cr_expect_str_eq(value, "(none)");
    cr_expect_eq(redis_probe(redis, deadline_in(10000), &err), 0, "%s", err.text);
    cr_expect_eq(redis_set(redis, "a", "x", 1, -5, deadline_in(10000), &err), -1);
    cr_expect_eq(err.code, ERR_FAILED);
    cr_expect(strstr(err.text, "invalid expire"), "%s", err.text);

    struct buf metrics = BUF_INIT(65536);
    redis_metrics(redis, &metrics);
    cr_expect(strstr(buf_text(&metrics), "redis_up 1\n"), "%s", buf_text(&metrics));
    cr_expect(strstr(buf_text(&metrics), "redis_hits_total 1\n"), "%s", buf_text(&metrics));
    buf_close(&metrics);
}

Test(redis, value_can_be_set_read_and_deleted)
{
    start_server();
    with_client(use);
}

static void log_in(void)
{
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(set("only-in-3", "x"), ERR_NONE);
}

Test(redis, url_sets_user_password_and_database)
{
    struct err err = ERR_INIT;
    char port[16], log[PLACE_PATH_MAX + 16];
    start_server();
    snprintf(port, sizeof port, "%d", server.port.number);
    snprintf(log, sizeof log, "%s/cli", folder.path);
    cr_expect_eq(proc_run((const char *[]){"redis-cli", "-p", port, "ACL", "SETUSER", "ann", "on", ">se:cret", "~*",
                                           "+@all", NULL},
                          NULL, log, 60000, &err),
                 0, "%s", err.text);
    snprintf(server.url, sizeof server.url, "redis://ann:se%%3Acret@127.0.0.1:%d/3", server.port.number);
    with_client(log_in);
    cr_expect_eq(
        proc_run((const char *[]){"sh", "-c", "redis-cli -p $1 -n 3 EXISTS only-in-3 | grep -qx 1", "sh", port, NULL},
                 NULL, log, 60000, &err),
        0, "%s", err.text);
}

static void fail_to_log_in(void)
{
    struct err err = ERR_INIT;
    int64_t limit = deadline_in(30000);
    do { /* each ping waits for one attempt to connect, which takes at most 1 s */
        err_clear(&err);
        cr_expect_eq(redis_probe(redis, limit, &err), -1);
        cr_expect_eq(err.code, ERR_UNREACHABLE);
    } while (!strstr(err.text, "WRONGPASS") && deadline_left(limit) > 0);
    cr_expect(strstr(err.text, "WRONGPASS"), "%s", err.text);
}

Test(redis, wrong_password_error_has_the_text_of_redis)
{
    start_server();
    snprintf(server.url, sizeof server.url, "redis://ann:no@127.0.0.1:%d/3", server.port.number);
    with_client(fail_to_log_in);
}

/* --- A name with several addresses --------------------------------------------------- */

static bool look_up(const char *host, struct addresses *out)
{
    /* Nothing listens on the first one, and the second one does not reply. */
    static const char *const list[] = {"127.0.0.2", "127.0.0.3", "127.0.0.1"};
    (void)host;
    for (out->count = 0; out->count < 3; out->count++)
        snprintf(out->list[out->count], ADDRESS_MAX, "%s", list[out->count]);
    return true;
}

static void use_third_address(void)
{
    cr_expect(becomes_up(true, 60000));
    cr_expect_eq(set("a", "one"), ERR_NONE);
}

Test(redis, each_address_of_a_name_is_tried)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server.port.number)};
    inet_pton(AF_INET, "127.0.0.3", &address.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, 16), 0);
    start_server();
    resolve_with(look_up);
    snprintf(server.url, sizeof server.url, "redis://three.test:%d/0", server.port.number);
    with_client(use_third_address);
    close(listener);
}

static void start_late(void)
{
    char value[300];
    struct err err = ERR_INIT;
    int64_t begin = clock_ms();
    cr_expect_eq(redis_probe(redis, deadline_in(30000), &err), -1);
    cr_expect_eq(err.code, ERR_UNREACHABLE);
    cr_expect(strstr(err.text, "Connection refused"), "%s", err.text);
    cr_expect_lt(clock_ms() - begin, 15000, "it fails at once, not at the deadline");
    cr_expect_eq(get("a", 10000, value, sizeof value), ERR_UNREACHABLE);
    start_server();
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(get("a", 10000, value, sizeof value), ERR_NONE);
}

Test(redis, server_that_starts_late_is_used_once_it_is_up)
{
    with_client(start_late);
}

static void be_killed_and_restart(void)
{
    char value[300];
    struct err err = ERR_INIT;
    cr_expect(becomes_up(true, 30000));
    for (int i = 0; i < 3; i++) {
        server_kill(&server);
        cr_expect(becomes_up(false, 30000), "an idle connection detects it");
        cr_expect_eq(get("a", 10000, value, sizeof value), ERR_UNREACHABLE);
        start_server();
        cr_expect(becomes_up(true, 30000));
        cr_expect_eq(redis_probe(redis, deadline_in(30000), &err), 0, "%s", err.text);
        cr_expect_eq(get("a", 10000, value, sizeof value), ERR_NONE);
    }
}

Test(redis, killed_server_is_used_again_after_its_restart)
{
    start_server();
    with_client(be_killed_and_restart);
}

static int failed_fast, ended;

static void get_while_hung(void *arg)
{
    (void)arg;
    char value[300];
    enum err_code code = get("a", 300, value, sizeof value);
    cr_expect(code == ERR_TIMEOUT || code == ERR_BROKEN, "%s", value);
    ended++;
}

static void hang_and_return(void)
{
    char value[300];
    struct err err = ERR_INIT;
    struct group group = {0};
    cr_expect(becomes_up(true, 30000));
    server_pause(&server);
    for (int i = 0; i < 64; i++)
        group_go(&group, get_while_hung, NULL);
    group_join(&group);
    cr_expect_eq(ended, 64);
    cr_expect_not(redis_is_up(redis));
    for (int i = 0; i < 100; i++)
        failed_fast += get("a", 10000, value, sizeof value) == ERR_UNREACHABLE;
    cr_expect_eq(failed_fast, 100);
    cr_expect_eq(redis_probe(redis, deadline_in(100), &err), -1);

    server_resume(&server);
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(get("a", 10000, value, sizeof value), ERR_NONE);
}

Test(redis, calls_to_hung_redis_fail_at_once_after_one_timeout)
{
    start_server();
    with_client(hang_and_return);
}

static void get_until_cancelled(void *arg)
{
    char value[300];
    *(enum err_code *)arg = get("a", 10000, value, sizeof value);
}

static void cancel_a_get(void)
{
    char value[300];
    enum err_code code = ERR_NONE;
    struct group group = {0};
    cr_expect(becomes_up(true, 30000));
    server_pause(&server);
    group_go(&group, get_until_cancelled, &code);
    fiber_sleep(20); /* the GET is sent; Redis is paused, so no reply comes */
    group_cancel(&group);
    group_join(&group);
    cr_expect_eq(code, ERR_CANCELLED);
    cr_expect(redis_is_up(redis), "a cancelled call does not mean that Redis hangs");
    server_resume(&server);
    cr_expect_eq(get("a", 60000, value, sizeof value), ERR_NONE, "%s", value);
}

Test(redis, late_reply_of_cancelled_call_is_dropped)
{
    start_server();
    with_client(cancel_a_get);
}

enum { FIBERS = 64, EACH = 3000 };

static void get_many(void *arg)
{
    char key[16], value[300];
    snprintf(key, sizeof key, "k%d", *(int *)arg);
    cr_expect_eq(set(key, key), ERR_NONE);
    int right = 0;
    for (int i = 0; i < EACH; i++) {
        get(key, 60000, value, sizeof value);
        right += strcmp(key, value) == 0;
    }
    cr_expect_eq(right, EACH);
}

static void get_in_many_fibers(void)
{
    static int numbers[FIBERS];
    struct group group = {0};
    cr_expect(becomes_up(true, 30000));
    int64_t begin = clock_us();
    for (int i = 0; i < FIBERS; i++) {
        numbers[i] = i;
        group_go(&group, get_many, &numbers[i]);
    }
    group_join(&group);
    printf("redis: %d fibers: %lld gets/s\n", FIBERS, FIBERS * EACH * 1000000LL / (clock_us() - begin));
}

Test(redis, fibers_on_one_connection_get_their_own_values)
{
    start_server();
    with_client(get_in_many_fibers);
}

static void store_large(void)
{
    enum { SIZE = 8 << 20 };
    struct err err = ERR_INIT;
    struct buf out = BUF_INIT(SIZE), small = BUF_INIT(100);
    bool found = false;
    char *large = malloc(SIZE);
    memset(large, 'x', SIZE);
    cr_expect(becomes_up(true, 30000));
    cr_expect_eq(redis_set(redis, "large", large, SIZE, 60000, deadline_in(10000), &err), 0, "%s", err.text);
    cr_expect_eq(redis_get(redis, "large", deadline_in(10000), &out, &found, &err), 0, "%s", err.text);
    cr_expect(found && out.len == SIZE && memcmp(out.data, large, SIZE) == 0);
    cr_expect_eq(redis_get(redis, "large", deadline_in(10000), &small, &found, &err), -1);
    cr_expect_eq(err.code, ERR_TOO_LARGE);
    buf_close(&out);
    buf_close(&small);
    free(large);
}

Test(redis, large_value_is_written_in_several_steps)
{
    start_server();
    with_client(store_large);
}

/* --- Another protocol at the port --------------------------------------------------- */

static void *answer_as_http(void *arg)
{
    static const char reply[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char request[1000];
    int fd;
    while ((fd = accept(*(int *)arg, NULL, NULL)) >= 0) {
        if (read(fd, request, sizeof request) > 0 && write(fd, reply, sizeof reply - 1) < 0)
            perror("write");
        close(fd);
    }
    return NULL;
}

static void fail_at_http(void)
{
    cr_expect(probe_says("Redis: the reply is not in the protocol of Redis"));
}

Test(redis, another_protocol_is_named_in_plain_words)
{
    pthread_t thread;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    cr_assert_eq(listen(listener, 10), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    cr_assert_eq(pthread_create(&thread, NULL, answer_as_http, &listener), 0);
    snprintf(server.url, sizeof server.url, "redis://127.0.0.1:%d", ntohs(address.sin_port));
    with_client(fail_at_http);
    shutdown(listener, SHUT_RDWR); /* ends accept() */
    pthread_join(thread, NULL);
    close(listener);
}

/* --- A Redis that refuses what a cache needs ---------------------------------------- */

/* An operator's command; at most four words. */
static void operate(const struct server *on, const char *command)
{
    struct err err = ERR_INIT;
    char line[200], log[PLACE_PATH_MAX + 16];
    snprintf(line, sizeof line, "redis-cli -e -p %d %s", on->port.number, command);
    snprintf(log, sizeof log, "%s/cli", folder.path);
    cr_assert_eq(proc_run((const char *[]){"sh", "-c", line, NULL}, NULL, log, 60000, &err), 0, "%s", err.text);
}

struct refusal {
    const char *begin, *end; /* commands */
    const char *word;        /* of the error that Redis replies */
};

/* Port 1 refuses: the master that the replica looks for is gone. */
static const struct refusal refusals[] = {
    {"REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "READONLY"},
    {"CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "OOM"},
    {"CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", "NOREPLICAS"},
    {"ACL SETUSER default -set", "ACL SETUSER default +set", "NOPERM"},
    {"ACL SETUSER default -getrange", "ACL SETUSER default +getrange", "NOPERM"},
};

static void refuse(void)
{
    char value[300];
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        cr_assert(becomes_up(true, 30000));
        cr_expect_eq(set("a", "one"), ERR_NONE);
        operate(&server, refusals[i].begin);
        set("a", "two"); /* the first command that Redis refuses, with NOPERM for GETRANGE the next */
        get("a", 10000, value, sizeof value);
        cr_expect(becomes_up(false, 30000), "%s: it stays up", refusals[i].word);
        cr_expect_eq(get("a", 10000, value, sizeof value), ERR_UNREACHABLE, "%s: %s", refusals[i].word, value);
        cr_expect(probe_says(refusals[i].word), "%s", refusals[i].word);
        operate(&server, refusals[i].end);
    }
    cr_expect(becomes_up(true, 30000), "it recovers by itself");
}

Test(redis, server_that_refuses_writes_is_left_until_it_does)
{
    start_server();
    with_client(refuse);
}

static void notice_by_probe(void)
{
    cr_assert(becomes_up(true, 30000));
    operate(&server, "REPLICAOF 127.0.0.1 1");
    cr_expect(probe_says("READONLY"), "no command of a request was refused before");
    cr_expect_not(redis_is_up(redis));
}

Test(redis, health_check_notices_a_replica)
{
    start_server();
    with_client(notice_by_probe);
}

static void refuse_one_command(void)
{
    struct err err = ERR_INIT;
    cr_assert(becomes_up(true, 30000));
    for (int i = 0; i < 20; i++)
        cr_expect_eq(redis_set(redis, "a", "x", 1, -5, deadline_in(10000), &err), -1);
    cr_expect_eq(redis_probe(redis, deadline_in(10000), &err), 0);
    cr_expect(redis_is_up(redis));
    struct buf metrics = BUF_INIT(65536);
    redis_metrics(redis, &metrics);
    cr_expect(strstr(buf_text(&metrics), "redis_connects_total 1\n"), "%s", buf_text(&metrics));
    buf_close(&metrics);
}

Test(redis, refusal_of_one_command_keeps_the_connection)
{
    start_server();
    with_client(refuse_one_command);
}
