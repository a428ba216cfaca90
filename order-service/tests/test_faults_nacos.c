/* Every fault that Nacos can have: see fault_rows.h. Nacos is polled, and most of its errors are a code in the body. */
#include "fault_rows.h"

TestSuite(faults_nacos, .timeout = 300);

static const struct kind nacos = {.name = "nacos", .source = "nacos", .setting = "NACOS_SERVER_ADDR=127.0.0.1:"};
static const struct kind nacos2 = {.name = "nacos2", .source = "nacos", .setting = "NACOS_SERVER_ADDR=127.0.0.1:"};

static const struct row failing[] = {
    BELOW_HTTP,
    TOO_LARGE,
    OTHER_STATUS,
    /* A list that is not whole is rejected: nacos_check_envelope(), registry/nacos/nacos_reply.c. */
    {"short-length", .error = " not "}, /* Nacos'; or not valid HTTP, after a heartbeat on this connection */
    {"broken-json", .error = "the list is cut off, or not Nacos'"},
    {"html", .error = "the list is cut off, or not Nacos'"},
    {"gzip", .error = "the list is cut off, or not Nacos'"},
    {"wrong-type", .error = "the list is cut off, or not Nacos'"},
    {"null", .error = "the list is cut off, or not Nacos'"},
    {"nested", .error = "the list is cut off, or not Nacos'"},
    {"unknown-version", .error = "HTTP 404"},
    /* What stands around the list is read too: nacos_check_envelope(). */
    {"code-in-body", .error = "server error: caused: No leader for raft group"},
    {"wrong-members", .error = "no entry of the list can be used"},
};

static const struct row misleading[] = {
    OF_ANY_LIST,
    /* The place of an entry keeps two with one id apart: nacos_read_entry(), registry/nacos/nacos_reply.c. */
    {"duplicates", .listed = 2 * UPSTREAMS},
    /* The instance registers again, and no faster than its heartbeats: registration/heartbeat.c. */
    {"unknown-beat", .error = NULL},
};

/* Version 1 of the API, where it differs: the shape of its list, and errors that are plain text. */
static const struct row of_version_1[] = {
    {"hang", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},
    {"refuse", .error = "Connection refused"},
    {"broken-json", .error = "the list is cut off, or not Nacos'"},
    {"html", .error = "the list is cut off, or not Nacos'"},
    {"500", .error = "HTTP 500"},
    {"unknown-version", .error = "HTTP 404"},
    {"empty", .unusable = 3},
    {"loss", .unusable = 2},
    {"many", .listed = LONG_LIST, .cpu_percent = 50},
    {"hostile", .error = NULL},
    {"unknown-beat", .error = NULL},
};

Test(faults_nacos, failing_registry_fails_no_call_and_is_reported)
{
    run_rows(&nacos, failing, sizeof failing / sizeof *failing);
}

Test(faults_nacos, misleading_registry_fails_no_call)
{
    run_rows(&nacos, misleading, sizeof misleading / sizeof *misleading);
}

static const struct kind with_user = {.name = "nacos", .source = "nacos", .setting = "NACOS_SERVER_ADDR=127.0.0.1:",
                                      .more = {"NACOS_USERNAME=nacos", "NACOS_PASSWORD=secret"}};

/* A token that is refused is renewed, and the request sent again: nacos_http_send(), registry/nacos/nacos_http.c. */
static const struct row of_a_user[] = {
    {"expired-token", .error = NULL},
    {"403", .error = "check NACOS_USERNAME and NACOS_PASSWORD"},
    {"hang", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},
};

Test(faults_nacos, version_1_fails_no_call)
{
    run_rows(&nacos2, of_version_1, sizeof of_version_1 / sizeof *of_version_1);
}

Test(faults_nacos, expired_token_is_renewed_without_a_fault)
{
    run_rows(&with_user, of_a_user, sizeof of_a_user / sizeof *of_a_user);
}
