/* Every fault that Consul can have: see fault_rows.h. The comments in fault_table.h and here name the code that makes
 * the rows below them pass.
 */
#include "fault_rows.h"

TestSuite(faults_registry, .timeout = 300);

static const struct kind consul = {.name = "consul", .source = "consul",
                                   .setting = "CONSUL_HTTP_ADDR=http://127.0.0.1:"};

static const struct row failing[] = {
    BELOW_HTTP,
    TOO_LARGE,
    OTHER_STATUS,
    /* A list that is not whole is rejected: list_parser_end() in registry/list_parser.c. */
    {"short-length", .error = "not a whole JSON array"},
    {"broken-json", .error = "not a whole JSON array"},
    {"html", .error = "not a whole JSON array"},
    {"gzip", .error = "not a whole JSON array"},
    {"wrong-type", .error = "not a whole JSON array"},
    {"null", .error = "not a whole JSON array"},
    {"nested", .error = "nested over 64 deep"}, /* JSON_NESTING_MAX, net/json.c: the stack would overflow */
    {"no-leader", .error = "no leader"},
    {"wrong-members", .error = "no entry of the list can be used"},
};

static const struct row misleading[] = {
    OF_ANY_LIST,
    /* Streamed replies never name a leader, so it is queried separately: leader_of() in
     * registry/consul/consul_leader.c. */
    {"streamed", .error = NULL},
    /* Two queries may follow at once, then two a second: pace_use() in loop/pace.c. */
    {"index-zero", .error = NULL},
    {"index-jumps", .error = NULL},
    {"index-falls", .error = NULL},
    /* Entries with one id at two nodes are two instances: instance_order(), registry/instance.c. */
    {"duplicates", .listed = 2 * UPSTREAMS},
};

Test(faults_registry, failing_registry_fails_no_call_and_is_reported)
{
    run_rows(&consul, failing, sizeof failing / sizeof *failing);
}

Test(faults_registry, misleading_registry_fails_no_call)
{
    run_rows(&consul, misleading, sizeof misleading / sizeof *misleading);
}
