/* Every fault that Nacos can have: see fault_rows.h. Nacos is polled, and most of its errors are a code in the body. */
#include "fault_rows.h"

TestSuite(faults_nacos, .timeout = 300);

static const struct kind nacos = {.name = "nacos", .source = "nacos", .setting = "NACOS_SERVER_ADDR=127.0.0.1:"};
static const struct kind nacos2 = {.name = "nacos2", .source = "nacos", .setting = "NACOS_SERVER_ADDR=127.0.0.1:"};

static const struct row failing[] = {
    /* Below HTTP, and in every kind: see test_faults_registry.c. */
    {"hang", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},
    {"slow-head", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},
    {"trickle", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},
    {"long-length", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},
    {"refuse", .error = "Connection refused"},
    {"close", .error = "the connection closed without a reply"},
    {"reset", .error = "Connection reset by peer"},
    {"not-http", .error = "the reply is not valid HTTP"},
    {"truncated", .error = "the connection closed within the reply"},
    {"reset-body", .error = "Connection reset by peer"},
    /* A list that is not whole is rejected: nacos_check_envelope(), registry/nacos/nacos_wire.c. */
    {"short-length", .error = " is not "}, /* a whole JSON array; or valid HTTP, after a heartbeat on this connection */
    {"broken-json", .error = "the list is cut off, or not Nacos'"},
    {"html", .error = "the list is cut off, or not Nacos'"},
    {"gzip", .error = "the list is cut off, or not Nacos'"},
    {"wrong-type", .error = "the list is cut off, or not Nacos'"},
    {"null", .error = "the list is cut off, or not Nacos'"},
    {"nested", .error = "the list is cut off, or not Nacos'"},
    {"huge", .error = "too large"},
    {"endless", .error = "too large"},
    {"huge-head", .error = "too large"},
    /* Only status 200 carries a list: end_list(), registry/nacos/nacos.c. */
    {"500", .error = "HTTP 500"},
    {"503", .error = "HTTP 503"},
    {"429", .error = "HTTP 429"},
    {"403", .error = "HTTP 403"},
    {"redirect", .error = "HTTP 302"},
    {"unknown-version", .error = "HTTP 404"},
    /* What stands around the list is read too: nacos_check_envelope(). */
    {"code-in-body", .error = "server error: caused: No leader for raft group"},
    {"wrong-members", .error = "no entry of the list can be used"},
};

static const struct row misleading[] = {
    /* Instances that disappear from the list may still be running: merged_list_update(), discovery/merged_list.c. */
    {"empty", .unusable = 3},
    {"loss", .unusable = 2},
    /* If all are critical, all are called: fail open in balance/eligible.c. */
    {"all-critical", .unusable = 3},
    /* A dead instance fails its calls and is ejected: balance/outlier.c. Each GET is sent again elsewhere. */
    {"keeps-dead", .listed = UPSTREAMS + 1, .ejected = 1},
    /* The list is parsed entry by entry: list_parser_feed(), registry/list_parser.c. */
    {"many", .listed = 10000, .cpu_percent = 50},
    /* The place of an entry keeps two with one id apart: nacos_read_entry(), registry/nacos/nacos_wire.c. */
    {"duplicates", .listed = 2 * UPSTREAMS},
    {"hostile", .error = NULL},
    {"ipv6", .error = NULL},
    {"null-members", .error = NULL},
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
    {"many", .listed = 10000, .cpu_percent = 50},
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
