/* log_repeat: limits how often a repeated failure is logged.
 *
 * While a registry is down for an hour, a call fails every few seconds. The log
 * gets one line when the failure begins, one when its reason changes, one now and
 * then while it lasts, and one when it ends. If two reasons alternate, the reason
 * changes each time; so at most 3 lines a minute are logged.
 */
#ifndef BASE_LOG_REPEAT_H
#define BASE_LOG_REPEAT_H

#include <stdbool.h>
#include <stdint.h>

/* One failure that may repeat. Zero-initialise. */
struct log_repeat {
    char text[320];   /* the text logged last; "": none since the failure began */
    int64_t began_ms; /* when the failure began … */
    int64_t times;    /* … and how often it occurred since */
    /* private */
    int64_t logged_ms, window_ms;
    int lines;
};

/* Counts one occurrence. True if the caller should log it: the failure is new, its text
 * differs from the text logged last, or that text was logged at least repeat_ms ago
 * (DEADLINE_NONE: the same text is never logged again). Digits are not compared,
 * so a latency in the text does not make it different each time. */
bool log_repeat_is_due(struct log_repeat *repeat, const char *text, int64_t repeat_ms);
/* Call it when the failure is over. Returns how long it lasted, in ms; -1 if none was logged. */
int64_t log_repeat_end(struct log_repeat *repeat);

#endif
