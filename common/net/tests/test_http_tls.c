/* http_client: when it trusts the certificate of an https server. */
#include <criterion/criterion.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "net/http_client.h"

/* Self-signed for server.test and 127.0.0.1, from 2020 to 2120. Used only in this test. */
static const char key[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgq/JaRa1ic/vQOQ0o\n"
                          "BvtBNPlEyt6Daj2xBAWWyqqpgq2hRANCAATJVLuvj0xQCrX8Y2mxcMbEHZCGtNpI\n"
                          "J4j0265rRV9o6RG536rRf0jKTDbFwOoAjcQ/HpMySZoMkbliUn1oEk0j\n"
                          "-----END PRIVATE KEY-----\n";
static const char certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                  "MIIBajCCARCgAwIBAgIBATAKBggqhkjOPQQDAjAWMRQwEgYDVQQDDAtzZXJ2ZXIu\n"
                                  "dGVzdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFjEUMBIGA1UE\n"
                                  "AwwLc2VydmVyLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATJVLuvj0xQ\n"
                                  "CrX8Y2mxcMbEHZCGtNpIJ4j0265rRV9o6RG536rRf0jKTDbFwOoAjcQ/HpMySZoM\n"
                                  "kbliUn1oEk0jo00wSzAMBgNVHRMEBTADAQH/MBwGA1UdEQQVMBOCC3NlcnZlci50\n"
                                  "ZXN0hwR/AAABMB0GA1UdDgQWBBQzoJqBCcgpIpifRTKnqzN7KrRBZzAKBggqhkjO\n"
                                  "PQQDAgNIADBFAiBkB/c90ME+fmaTOfg8d6Lkz7l2aGwPDlnlfH8OnBmOfgIhANcF\n"
                                  "9zS9wWa16LPhQQEgu1N1Mx3bdr8RqEg7X0uZ9TJt\n"
                                  "-----END CERTIFICATE-----\n";

static char ca_file[] = "/tmp/test_http_tls.XXXXXX";
static struct MHD_Daemon *server;
static struct http_client *client;
static struct http_response response = HTTP_RESPONSE_INIT;

/* Replies with the request's Host. */
static enum MHD_Result reply_host(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *body, size_t *body_len, void **state)
{
    (void)arg, (void)url, (void)method, (void)version, (void)body, (void)body_len, (void)state;
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    struct MHD_Response *reply = MHD_create_response_from_buffer(strlen(host), (void *)host, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_queue_response(connection, 200, reply);
    MHD_destroy_response(reply);
    return result;
}

static void setup(void)
{
    int fd = mkstemp(ca_file);
    cr_assert_eq(write(fd, certificate, strlen(certificate)), (ssize_t)strlen(certificate));
    close(fd);
    server = MHD_start_daemon(MHD_USE_TLS | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, reply_host, NULL,
                              MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_HTTPS_MEM_CERT, certificate, MHD_OPTION_END);
    cr_assert_not_null(server);
}

static void teardown(void)
{
    MHD_stop_daemon(server);
    unlink(ca_file);
}

TestSuite(http_tls, .init = setup, .fini = teardown, .timeout = 300);

static void with_client(void *arg)
{
    void (*test)(void) = *(void (**)(void))arg;
    client = http_client_new(16);
    test();
    http_response_close(&response);
    http_client_free(client);
}

static void run(void (*test)(void))
{
    loop_open();
    loop_run(with_client, &test);
    cr_expect_eq(fibers_alive(), 0);
    cr_expect_eq(loop_close(), 0);
}

static struct err call_server(const char *host, const struct http_tls *tls)
{
    struct err err = ERR_INIT;
    struct http_call call = {.host = host,
                             .port = MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port,
                             .path = "/",
                             .tls = tls,
                             .deadline = deadline_in(20000),
                             .body_cap = 1000};
    http_call(client, &call, &response, &err);
    return err;
}

static void expect_call(const char *host, const struct http_tls *tls, enum err_code expected)
{
    struct err err = call_server(host, tls);
    cr_expect_eq(err.code, expected, "%s, %s: %s", host, tls->server_name ? tls->server_name : "-", err.text);
    if (err.code != ERR_NONE)
        return;
    char expected_host[100];
    snprintf(expected_host, sizeof expected_host, "%s:%d", host,
             MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port);
    cr_expect_str_eq(buf_text(&response.body), expected_host);
}

static void check_names(void)
{
    expect_call("127.0.0.1", &(struct http_tls){.ca_file = ca_file}, ERR_NONE);
    expect_call("localhost", &(struct http_tls){.ca_file = ca_file}, ERR_UNREACHABLE);
    expect_call("localhost", &(struct http_tls){.ca_file = ca_file, .server_name = "server.test"}, ERR_NONE);
    expect_call("127.0.0.1", &(struct http_tls){.ca_file = ca_file, .server_name = "server.test"}, ERR_NONE);
    expect_call("127.0.0.1", &(struct http_tls){.ca_file = ca_file, .server_name = "other.test"}, ERR_UNREACHABLE);
}

Test(http_tls, certificate_must_match_host_or_server_name)
{
    run(check_names);
}

static void check_trust(void)
{
    expect_call("127.0.0.1", &(struct http_tls){0}, ERR_UNREACHABLE);
    expect_call("127.0.0.1", &(struct http_tls){.skip_verify = true}, ERR_NONE);
    expect_call("127.0.0.1", &(struct http_tls){0}, ERR_UNREACHABLE);
    expect_call("127.0.0.1", &(struct http_tls){.ca_file = "/nonexistent"}, ERR_UNREACHABLE);
    expect_call("127.0.0.1", &(struct http_tls){.ca_file = ca_file}, ERR_NONE);
}

Test(http_tls, unverified_connection_is_not_reused_for_verified)
{
    run(check_trust);
}

static void call_without_tls(void)
{
    MHD_stop_daemon(server);
    server = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, reply_host, NULL, MHD_OPTION_END);
    cr_assert(server);
    struct err err = call_server("127.0.0.1", &(struct http_tls){.ca_file = ca_file});
    cr_expect_eq(err.code, ERR_UNREACHABLE);
    cr_expect(strstr(err.text, ": the server does not speak TLS"), "%s", err.text);
}

Test(http_tls, server_without_tls_is_named_in_plain_words)
{
    run(call_without_tls);
}
