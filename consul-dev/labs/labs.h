/* labs: the table of all experiments. Each runs one claim of the lesson on real servers.
 *
 * A file here holds the labs of one part of the lesson. A lab knows its result: the verdict
 * in the table is printed only if every line of SEEN() held. To add a lab, write its
 * function and one entry in the table of its file.
 */
#ifndef LABS_LABS_H
#define LABS_LABS_H

#include "checker/text.h"
#include "stage.h"

enum verdict { HOLDS, HOLDS_IF, DOES_NOT_HOLD };

struct lab {
    struct text part; /* of the lesson: "III.3" */
    struct text title;
    struct text expected; /* the lesson's claim, in our words */
    enum verdict verdict;
    struct text reason; /* for HOLDS_IF it begins with the condition */
    /* False: the servers did not start, or a program is missing; both are already reported. */
    bool (*run)(struct stage *stage);
};

/* Each ends with an entry without a run function. Their order gives the numbers. */
extern const struct lab registration_labs[], check_labs[], filter_labs[], watch_labs[], feature_labs[],
    cluster_labs[], discovery_labs[], balancing_labs[];

/* --- What a lab reports --------------------------------------------------------------- */

/* One line of what was seen, in the reader's language. Without `held` the lab fails. Returns `held`. */
#define SEEN(held, en, zh, ...) report_seen(held, text_is_chinese() ? (zh) : (en)__VA_OPT__(, ) __VA_ARGS__)
bool report_seen(bool held, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Why the lab cannot run here, for example "HAProxy is not installed". Always returns false. */
bool report_skip(struct text why);
/* Why it cannot go on. Always returns false. */
bool report_error(const char *why);

/* "1.2 s" or "35 ms"; "(not in time)" for -1. Valid for the next seven calls. */
const char *duration(int64_t ms);

#endif
