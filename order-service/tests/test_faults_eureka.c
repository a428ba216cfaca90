/* Every fault that Eureka can have: see fault_rows.h. Eureka is polled; a status says what is wrong. */
#include "fault_rows.h"

TestSuite(faults_eureka, .timeout = 300);

static const struct kind eureka = {.name = "eureka", .source = "eureka", .setting = "EUREKA_URL=http://127.0.0.1:",
                                   .end = "/eureka"};

static const struct row failing[] = {
    BELOW_HTTP,
    TOO_LARGE,
    OTHER_STATUS,
    /* A list that is not whole is rejected: list_parser_end(), registry/list_parser.c. */
    {"short-length", .error = "not a whole JSON array"},
    {"broken-json", .error = "not a whole JSON array"},
    {"html", .error = "not a whole JSON array"},
    {"gzip", .error = "not a whole JSON array"},
    {"wrong-type", .error = "not a whole JSON array"},
    {"null", .error = "not a whole JSON array"},
    {"nested", .error = "not a whole JSON array"},
    /* 200 carries a list, and 404 none: check_status(), registry/eureka/eureka_http.c. */
    {"starting", .error = "the server has just started"},
};

static const struct row misleading[] = {
    OF_ANY_LIST,
    /* The worse entry of an id is dropped: instance_list_finish(), registry/instance.c. */
    {"duplicates", .error = NULL},
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
