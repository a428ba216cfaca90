/* report: prints one lab: what is expected, what is seen, and the verdict. */
#ifndef LABS_REPORT_H
#define LABS_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "lab.h"

enum { EXIT_SKIPPED = 77 };

void report_begin(int number, const struct lab *lab);
/* Prints the verdict. Returns the exit code: 0 only if all was as expected. */
int report_end(const struct lab *lab);

/* One line of the list of all labs. */
void report_entry(int number, const struct lab *lab);

/* --- What a lab reports --------------------------------------------------------------- */

/* One line of what was seen, in the reader's language. Without `held` the lab fails. Returns `held`. */
#define SEEN(held, en, zh, ...) report_seen(held, text_is_chinese() ? (zh) : (en), ##__VA_ARGS__)
bool report_seen(bool held, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Why the lab cannot run here, for example "HAProxy is not installed". Always returns false. */
bool report_skip(struct text why);
/* Why it cannot go on. Always returns false. */
bool report_error(const char *why);

/* "1.2 s" or "35 ms"; "(not within 20 s)" for -1. Valid for the next seven calls. */
const char *duration(int64_t ms);

#endif
