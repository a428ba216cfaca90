/* Kinds of endpoint in ETCD_ENDPOINTS: IPv6, https, a password whose token expires. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/http_probe.h"
#include "harness/server.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "registry/etcd/etcd.h"

static void cleanup(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
}

TestSuite(etcd_endpoints, .fini = cleanup, .timeout = 300);

static struct folder folder;
static struct server server;
static struct port other; /* of the endpoint under test; the harness uses another one */
static struct registry *etcd;
static char endpoints[300], client_urls[300];
static struct err err; /* of the last call */

/* --- Set-up ---------------------------------------------------------------------------- */

static void prepare(void)
{
    cr_assert_eq(folder_take(&folder, &err), 0, "%s", err.text);
    cr_assert_eq(port_take(&other, &err), 0, "%s", err.text);
    cr_assert_eq(server_init(&server, SERVER_ETCD, &folder, &err), 0, "%s", err.text);
}

static void with_http(void *arg)
{
    struct http_client *http = http_client_new(16);
    etcd = etcd_new(endpoints, http, &err);
    cr_expect(etcd, "%s", err.text);
    ((void (*)(void))arg)();
    registry_free(etcd);
    http_client_free(http);
}

static void run(void (*story)(void))
{
    cr_assert_eq(server_start(&server, &err), 0, "%s", err.text);
    loop_open();
    loop_run(with_http, (void *)story);
    cr_expect_eq(loop_close(), 0);
    server_close(&server);
    port_release(&other);
    folder_remove(&folder);
}

/* The number of listed instances; -1: the fetch failed. */
static int count_now(void)
{
    struct registry_cursor cursor = {0};
    struct instance_list *list;
    err_clear(&err);
    registry_fetch(etcd, "user-service", &cursor, 0, deadline_in(10000), &list, &err);
    int count = list ? (int)list->count : -1;
    instance_list_unref(list);
    return count;
}

static struct registration_spec make_spec(void)
{
    return (struct registration_spec){.service = "user-service", .id = "u-1", .address = "", .port = 8001, .tags = "",
                                      .version = "", .zone = "", .weight = 1, .check = CHECK_HTTP,
                                      .check_interval_ms = 20000, .check_timeout_ms = 1000,
                                      .deregister_after_ms = 60000};
}

/* --- IPv6 ------------------------------------------------------------------------------- */

static bool has_ipv6(void)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) == 0;
    if (fd >= 0)
        close(fd);
    return has;
}

static void use_ipv6(void)
{
    struct registration_spec spec = make_spec();
    struct registry_cursor cursor = {0};
    struct instance_list *list = NULL;
    cr_expect_eq(registry_register(etcd, &spec, deadline_in(10000), &err), 0, "%s", err.text);
    cr_expect_eq(registry_fetch(etcd, "user-service", &cursor, 0, deadline_in(10000), &list, &err), 0, "%s", err.text);
    cr_expect(list && list->count == 1 && strcmp(list->at[0].address, "::1") == 0, "the local address of the connection");
    instance_list_unref(list);
}

Test(etcd_endpoints, ipv6_endpoint_is_written_in_brackets)
{
    if (!has_ipv6())
        cr_skip_test("no IPv6 here");
    prepare();
    snprintf(client_urls, sizeof client_urls, "--listen-client-urls=%s,http://[::1]:%d", server.url, other.number);
    snprintf(endpoints, sizeof endpoints, "http://[::1]:%d", other.number);
    server.options[0] = client_urls;
    run(use_ipv6);
}

/* --- https -------------------------------------------------------------------------------- */

static void make_certificate(char cert[PLACE_PATH_MAX + 32], char key[PLACE_PATH_MAX + 32])
{
    char log[PLACE_PATH_MAX + 32], *cert_file = strchr(cert, '/'), *key_file = strchr(key, '/');
    snprintf(log, sizeof log, "%s/openssl.log", folder.path);
    const char *const argv[] = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                                "-nodes", "-days", "1", "-subj", "/CN=etcd", "-addext", "subjectAltName=IP:127.0.0.1",
                                "-keyout", key_file, "-out", cert_file, NULL};
    cr_assert_eq(proc_run(argv, NULL, log, 20000, &err), 0, "%s", err.text);
}

static void reject_certificate(void)
{
    cr_expect_eq(count_now(), -1);
    cr_expect(strstr(err.text, "etcd: POST 127.0.0.1:") && strstr(err.text, "SSL certificate problem"), "%s", err.text);
}

/* There is no setting for a CA: the system's CAs are trusted. */
Test(etcd_endpoints, untrusted_certificate_is_reported)
{
    static char cert[PLACE_PATH_MAX + 32], key[PLACE_PATH_MAX + 32];
    prepare();
    snprintf(cert, sizeof cert, "--cert-file=%s/cert.pem", folder.path);
    snprintf(key, sizeof key, "--key-file=%s/key.pem", folder.path);
    make_certificate(cert, key);
    snprintf(client_urls, sizeof client_urls, "--listen-client-urls=%s,https://127.0.0.1:%d", server.url, other.number);
    snprintf(endpoints, sizeof endpoints, "https://127.0.0.1:%d", other.number);
    memcpy(server.options, (const char *[]){client_urls, cert, key}, 3 * sizeof *server.options);
    run(reject_certificate);
}

/* --- A token that expires ---------------------------------------------------------------------- */

static void post(const char *path, const char *body)
{
    char url[200];
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s%s", server.url, path);
    cr_expect_eq(probe_send(NULL, &(struct probe_request){.url = url, .body = body}, &reply, &err), 0, "%s", err.text);
    cr_expect_eq(reply.status, 200, "%s: %s", path, buf_text(&reply.body));
    probe_reply_close(&reply);
}

/* Waits longer than a token lives; etcd checks once a second. */
static void outlive_the_token(void)
{
    enum { TOKEN_MS = 1000, ETCD_CHECKS_MS = 1000, SPARE_MS = 500 };
    struct registration_spec spec = make_spec();
    cr_expect_eq(registry_register(etcd, &spec, deadline_in(10000), &err), 0, "%s", err.text);
    for (int i = 0; i < 2; i++) {
        fiber_sleep(TOKEN_MS + ETCD_CHECKS_MS + SPARE_MS);
        cr_expect_eq(registry_heartbeat(etcd, &spec, true, "", deadline_in(10000), &err), 0, "%s", err.text);
        cr_expect_eq(count_now(), 1, "%s", err.text);
    }
}

static void enable_passwords_and_wait(void)
{
    post("/v3/auth/user/add", "{\"name\":\"root\",\"password\":\"hunter2\"}");
    post("/v3/auth/role/add", "{\"name\":\"root\"}");
    post("/v3/auth/user/grant", "{\"user\":\"root\",\"role\":\"root\"}");
    post("/v3/auth/enable", "{}");
    outlive_the_token();
}

Test(etcd_endpoints, expired_token_leads_to_another_login)
{
    prepare();
    snprintf(endpoints, sizeof endpoints, "http://root:hunter2@127.0.0.1:%d", server.port.number);
    server.options[0] = "--auth-token-ttl=1";
    run(enable_passwords_and_wait);
}
