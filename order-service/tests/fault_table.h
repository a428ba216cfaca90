/* fault_table: what a row says about a fault of a registry, and the rows that every kind of registry has.
 * The comments name the code that makes the rows below them pass.
 */
#ifndef ORDER_SERVICE_TESTS_FAULT_TABLE_H
#define ORDER_SERVICE_TESTS_FAULT_TABLE_H

#include "fault_case.h"

enum {
    BACK_MS = 10000,  /* docs/reference.md: in use again after a fault ends; the next one: after a hang */
    BACK_FROM_HANG_MS = 15000,
    SLACK_MS = 20000, /* added to both: forty rows share a busy machine */
    LONG_LIST = 10000,
    CPU_PERCENT = 10, /* of a core, including the load and our requests; a busy loop takes 100 */
};

/* The kind of registry that the rows are about. */
struct kind {
    const char *name;          /* of the stand-in */
    const char *source;        /* X-Discovery-Source */
    const char *setting, *end; /* around the port of the stand-in */
    const char *more[3];       /* settings */
};

/* What /discovery shows while the fault lasts. */
struct row {
    const char *fault;
    const char *error; /* a part of last_error; NULL: no error */
    int unusable;      /* how many of the three known instances are missing or critical */
    int listed;        /* 0: the three known instances */
    int ejected;       /* by order-service itself, at least */
    int cpu_percent;   /* 0: CPU_PERCENT */
    int back_ms;       /* 0: BACK_MS */
};

/* --- Rows of every kind ----------------------------------------------------------------------------------- */

/* Each query has a deadline: PROMPT_MS and GRACE_MS in discovery/watch.c. After each failure the watch pauses longer:
 * pause_ms() there. */
#define BELOW_HTTP                                                                                                     \
    {"hang", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},                                         \
    {"slow-head", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},                                    \
    {"trickle", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},                                      \
    {"long-length", .error = "no whole reply in time", .back_ms = BACK_FROM_HANG_MS},                                  \
    {"refuse", .error = "Connection refused"},                                                                         \
    {"close", .error = "the connection closed without a reply"},                                                       \
    {"reset", .error = "Connection reset by peer"},                                                                    \
    {"not-http", .error = "the reply is not valid HTTP"},                                                              \
    {"truncated", .error = "the connection closed within the reply"},                                                  \
    {"reset-body", .error = "Connection reset by peer"}

/* Two caps on a body: LIST_CAP of each kind limits its bytes (its own test: net/tests/test_http_faults.c), and
 * ENTRIES_MAX in registry/list_parser.c the number of tiny entries, without which the row endless takes half a core.
 * HEAD_MAX in net/http_call_response.c caps the headers. */
#define TOO_LARGE {"huge", .error = "too large"}, {"endless", .error = "too large"}, {"huge-head", .error = "too large"}

/* Only status 200 carries a list. CURLOPT_FOLLOWLOCATION 0 in net/http_client.c: no redirect is followed. */
#define OTHER_STATUS                                                                                                   \
    {"500", .error = "HTTP 500"}, {"503", .error = "HTTP 503"}, {"429", .error = "HTTP 429"},                          \
    {"403", .error = "HTTP 403"}, {"redirect", .error = "HTTP 302"}

/* An instance that disappears from the list may still be running: merged_list_update() in discovery/merged_list.c. If
 * all are critical, all are called: fail open in balance/eligible.c. A dead instance fails its calls and is ejected:
 * balance/outlier.c. A long list is parsed in slices, and each text is stored once: list_parser_feed(),
 * registry/list_parser.c. An unusable entry is dropped, the others stay: instance_check(), registry/instance.c. */
#define OF_ANY_LIST                                                                                                    \
    {"empty", .unusable = 3}, {"loss", .unusable = 2}, {"all-critical", .unusable = 3},                                \
    {"keeps-dead", .listed = UPSTREAMS + 1, .ejected = 1}, {"many", .listed = LONG_LIST, .cpu_percent = 50},           \
    {"hostile", .error = NULL}, {"ipv6", .error = NULL}, {"null-members", .error = NULL}

#endif
