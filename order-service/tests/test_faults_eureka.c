/* Every fault that Eureka can have: see fault_rows.h. Eureka is polled; a status says what is wrong. */
#include "fault_rows.h"

TestSuite(faults_eureka, .timeout = 300);

static const struct kind eureka = {.name = "eureka", .source = "eureka", .setting = "EUREKA_URL=http://127.0.0.1:",
                                   .end = "/eureka"};

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
    /* A list that is not whole is rejected: list_parser_end(), registry/list_parser.c. */
    {"short-length", .error = "not a whole JSON array"},
    {"broken-json", .error = "not a whole JSON array"},
    {"html", .error = "not a whole JSON array"},
    {"gzip", .error = "not a whole JSON array"},
    {"wrong-type", .error = "not a whole JSON array"},
    {"null", .error = "not a whole JSON array"},
    {"nested", .error = "not a whole JSON array"},
    {"huge", .error = "too large"},
    {"endless", .error = "too large"},
    {"huge-head", .error = "too large"},
    /* 200 carries a list, and 404 none: check_status(), registry/eureka/eureka_http.c. */
    {"500", .error = "HTTP 500"},
    {"503", .error = "HTTP 503"},
    {"429", .error = "HTTP 429"},
    {"403", .error = "HTTP 403"},
    {"redirect", .error = "HTTP 302"},
    {"starting", .error = "the server has just started"},
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
    /* The worse entry of an id is dropped: instance_list_finish(), registry/instance.c. */
    {"duplicates", .error = NULL},
    {"hostile", .error = NULL},
    {"ipv6", .error = NULL},
    {"null-members", .error = NULL},
    {"wrong-members", .error = NULL}, /* a number may be text: number_of(), registry/eureka/eureka_wire.c */
    /* The instance registers again, and no faster than its heartbeats: registration/heartbeat.c. */
    {"unknown-beat", .error = NULL},
};

Test(faults_eureka, failing_registry_fails_no_call_and_is_reported)
{
    run_rows(&eureka, failing, sizeof failing / sizeof *failing);
}

Test(faults_eureka, misleading_registry_fails_no_call)
{
    run_rows(&eureka, misleading, sizeof misleading / sizeof *misleading);
}
