/* Every fault that Consul can have: see fault_rows.h. The comments in the tables name the code that makes the rows
 * below them pass.
 */
#include "fault_rows.h"

TestSuite(faults_registry, .timeout = 300);

static const struct kind consul = {.name = "consul", .source = "consul",
                                   .setting = "CONSUL_HTTP_ADDR=http://127.0.0.1:"};

static const struct row failing[] = {
    /* Each query has a deadline: PROMPT_MS and GRACE_MS in discovery/watch.c. */
    {"hang", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},
    {"slow-head", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},
    {"trickle", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},
    {"long-length", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},
    /* After each failure the watch pauses longer: pause_ms() in discovery/watch.c. */
    {"refuse", .error = "Connection refused"},
    {"close", .error = "the connection closed without a reply"},
    {"reset", .error = "Connection reset by peer"},
    {"not-http", .error = "the reply is not valid HTTP"},
    /* A list that is not whole is rejected: list_parser_end() in registry/consul/consul_list.c. */
    {"truncated", .error = "the connection closed within the reply"},
    {"reset-body", .error = "Connection reset by peer"},
    {"short-length", .error = "not a whole JSON array"},
    {"broken-json", .error = "not a whole JSON array"},
    {"html", .error = "not a whole JSON array"},
    {"gzip", .error = "not a whole JSON array"},
    {"wrong-type", .error = "not a whole JSON array"},
    {"null", .error = "not a whole JSON array"},
    {"nested", .error = "nested over 64 deep"}, /* JSON_NESTING_MAX, net/json.c: the stack would overflow */
    /* Two caps on a body: LIST_CAP in registry/consul/consul.c limits its bytes (its own test:
     * net/tests/test_http_faults.c), and ENTRIES_MAX in registry/consul/consul_list.c the number of
     * tiny entries, without which the row endless takes half a core. HEAD_MAX in net/http_client.c caps the headers. */
    {"huge", .error = "too large"},
    {"endless", .error = "too large"},
    {"huge-head", .error = "too large"},
    /* Only status 200 carries a list: check_reply() in registry/consul/consul.c. */
    {"500", .error = "HTTP 500"},
    {"503", .error = "HTTP 503"},
    {"429", .error = "HTTP 429"},
    {"403", .error = "HTTP 403"},
    {"redirect", .error = "HTTP 302"}, /* CURLOPT_FOLLOWLOCATION 0 in net/http_client.c */
    {"no-leader", .error = "no leader"},
    {"wrong-members", .error = "no entry of the list can be used"},
};

static const struct row misleading[] = {
    /* Streamed replies never name a leader, so it is queried separately: leader_of() in
     * registry/consul/consul_leader.c. */
    {"streamed", .error = NULL},
    /* Two queries may follow at once, then two a second: pace_use() in discovery/watch.c. */
    {"index-zero", .error = NULL},
    {"index-jumps", .error = NULL},
    {"index-falls", .error = NULL},
    /* An instance that disappears from the list may still be running: merged_list_update() in discovery/merged_list.c. */
    {"empty", .unusable = 3},
    {"loss", .unusable = 2},
    /* A dead instance fails its calls and is ejected: balance/outlier.c. Each GET is sent again elsewhere. */
    {"keeps-dead", .listed = UPSTREAMS + 1, .ejected = 1},
    /* If all are critical, all are called: fail open in balance/eligible.c. */
    {"all-critical", .unusable = 3},
    /* A long list is parsed in slices, and each text is stored once: list_parser_feed(),
     * registry/consul/consul_list.c. */
    {"many", .listed = 10000, .cpu_percent = 50},
    /* Entries with one id at two nodes are two instances: instance_order(), registry/instance.c. */
    {"duplicates", .listed = 2 * UPSTREAMS},
    /* An unusable entry is dropped, the others stay: instance_check(), registry/instance.c. */
    {"hostile", .error = NULL},
    {"ipv6", .error = NULL},
    {"null-members", .error = NULL},
};

Test(faults_registry, failing_registry_fails_no_call_and_is_reported)
{
    run_rows(&consul, failing, sizeof failing / sizeof *failing);
}

Test(faults_registry, misleading_registry_fails_no_call)
{
    run_rows(&consul, misleading, sizeof misleading / sizeof *misleading);
}
