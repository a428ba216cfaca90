/* order-service with few file descriptors (ulimit -n): its own limit never blames an instance. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "scene.h"
#include "scene_requests.h"

TestSuite(order_descriptors, .timeout = 300);

enum { CLIENTS_MAX = 1000, ROUNDS = 8 };

/* --- order-service with a limit ----------------------------------------------------------- */

/* A script that runs the program with this limit. */
static const char *limited(int files)
{
    static char path[PLACE_PATH_MAX + 32];
    char build[PLACE_PATH_MAX];
    build_path(build);
    snprintf(path, sizeof path, "%s/order-service", world.folder.path);
    FILE *script = fopen(path, "we");
    cr_assert(script);
    fprintf(script, "#!/bin/bash\nulimit -n %d\nexec '%s/order-service'\n", files, build);
    fclose(script);
    cr_assert_eq(chmod(path, 0755), 0);
    return path;
}

static void open_limited_scene(int files)
{
    open_world();
    user_settings[0] = "DATABASE_TIMEOUT=20s"; /* no read of a crowd may fail because the machine is busy */
    for (int i = 0; i < USERS; i++)
        start_user(i);
    start(&orders, limited(files), "order-service-1", order_port.number, order_settings);
    cr_assert(wait_until(all_are_usable, NULL, PATIENCE_MS), "the services do not start");
    cr_assert(wait_until(consul_has_all, NULL, PATIENCE_MS), "the services do not start");
}

static bool log_has(const char *text)
{
    char *log = proc_output(&orders.proc);
    bool has = strstr(log, text) != NULL;
    free(log);
    return has;
}

/* The sum of the lines of /metrics that begin with `name` and contain `part`. */
static long sum_of(const char *name, const char *part)
{
    char url[SERVICE_URL_MAX], *rest = NULL;
    long sum = 0;
    struct probe_reply reply = {0};
    cr_assert_eq(probe_get(NULL, service_url(&orders, "/metrics", url), &reply), 200);
    for (char *line = strtok_r(reply.body.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (strncmp(line, name, strlen(name)) == 0 && strstr(line, part))
            sum += atol(strrchr(line, ' ') + 1);
    probe_reply_close(&reply);
    return sum;
}

/* --- Clients: in each round all send at the same moment ------------------------------------ */

static int clients[CLIENTS_MAX];

struct crowd_count {
    int ok, unavailable, without_retry_after, failed;
    char first_failure[300];
};

static int connect_client(void)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)orders.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 20}, sizeof(struct timeval));
    cr_assert_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Reads one reply. Its bodies are shorter than the buffer. */
static void read_reply(int *fd, struct crowd_count *count)
{
    char text[8192] = "";
    size_t len = 0, want = sizeof text - 1;
    ssize_t n;
    while (len < want && (n = recv(*fd, text + len, want - len, 0)) > 0) {
        len += (size_t)n;
        text[len] = '\0';
        const char *end = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "\r\nContent-Length: ");
        if (end && length)
            want = (size_t)(end + 4 - text) + (size_t)atol(length + 18);
    }
    bool whole = len > 0 && len == want;
    bool unavailable = whole && strncmp(text, "HTTP/1.1 503 ", 13) == 0;
    bool ok = whole && strncmp(text, "HTTP/1.1 200 ", 13) == 0;
    count->ok += ok;
    count->unavailable += unavailable;
    count->without_retry_after += unavailable && !strstr(text, "\r\nRetry-After: ");
    count->failed += !ok && !unavailable;
    if (!ok && !*count->first_failure)
        snprintf(count->first_failure, sizeof count->first_failure, "%.290s", *text ? text : "no reply");
    if (!whole || strstr(text, "\r\nConnection: close")) {
        close(*fd);
        *fd = 0;
    }
}

static void run_crowd(int size, struct crowd_count *count)
{
    static const char request[] = "GET /users/7 HTTP/1.1\r\nHost: test\r\n\r\n";
    *count = (struct crowd_count){0};
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < size; i++)
            if (!clients[i])
                clients[i] = connect_client();
        for (int i = 0; i < size; i++)
            send(clients[i], request, sizeof request - 1, MSG_NOSIGNAL);
        for (int i = 0; i < size; i++)
            read_reply(&clients[i], count);
    }
    REPORT("%d clients: %d ok, %d 503, %d failed; first: %s", size, count->ok, count->unavailable, count->failed,
           count->first_failure);
}

static void end_crowd(int size)
{
    for (int i = 0; i < size; i++)
        if (clients[i])
            close(clients[i]);
    memset(clients, 0, sizeof clients);
}

static void expect_no_instance_blamed(void)
{
    cr_expect_eq(sum_of("discovery_instances_ejected", ""), 0);
    cr_expect_eq(sum_of("service_calls_total", "outcome=\"unreachable\""), 0);
}

Test(order_descriptors, crowd_within_the_limit_is_served, .fini = close_scene)
{
    struct crowd_count count;
    open_limited_scene(300);
    run_crowd(200, &count);
    cr_expect_eq(count.ok, 200 * ROUNDS, "%s", count.first_failure);
    end_crowd(200);
    expect_no_instance_blamed();
    cr_expect(log_has("msg=few_file_descriptors limit=300 "), "it warns at its start");
}

Test(order_descriptors, crowd_over_the_limit_gets_retry_after, .fini = close_scene)
{
    struct crowd_count count;
    open_limited_scene(200);
    run_crowd(180, &count);
    cr_expect_gt(count.ok, 100 * ROUNDS, "%s", count.first_failure);
    cr_expect_gt(count.unavailable, 0);
    cr_expect_eq(count.without_retry_after, 0);
    cr_expect_eq(count.failed, 0, "%s", count.first_failure);
    cr_expect_eq(get_status(&orders, "/health/live", NULL), 200, "while the crowd is connected");
    cr_expect_eq(get_status(&orders, "/metrics", NULL), 200);
    end_crowd(180);
    expect_no_instance_blamed();
    cr_expect(log_has("msg=own_limit_reached error=\"Too many open files\" open_files_limit=200 "));
}
