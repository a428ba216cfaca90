/* log: one event, one line on standard error, as key=value (logfmt).
 *
 *     log_info("listening", log_s("address", "0.0.0.0"), log_i("port", 8001));
 *     time=2026-01-02T03:04:05.678Z level=info msg=listening address=0.0.0.0 port=8001
 *
 * The message is a name to search for, not a sentence. A value that is not one plain
 * word is quoted and escaped, so that no input from outside can forge a line. A value
 * that is too long for a line is cut, and the fields after it are left out. Never
 * log a password, token or DSN. Logging never blocks the loop: if the pipe is full
 * because its reader does not read, lines are dropped. The next line that is written
 * reports how many.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *key; /* NULL ends the list */
    const char *text; /* NULL: the number is the value */
    int64_t number;
};

static inline struct log_field log_s(const char *key, const char *text)
{
    return (struct log_field){key, text ? text : "", 0};
}

static inline struct log_field log_i(const char *key, int64_t number)
{
    return (struct log_field){key, (const char *)0, number};
}

/* Lines below this level are not written. Starts at LOG_INFO. */
void log_set_level(enum log_level level);
/* Whether lines of this level are written; for a line that is expensive to build. */
bool log_shows(enum log_level level);

void log_write(enum log_level level, const char *msg, const struct log_field *fields);

/* An array of the given fields, with an empty one at its end. [1] skips the empty field in
 * front. It is there so that ## can remove the comma after it if no field is given. */
#define LOG_FIELDS(...) (&(const struct log_field[]){{0}, ##__VA_ARGS__, {0}}[1])
#define log_debug(msg, ...) log_write(LOG_DEBUG, msg, LOG_FIELDS(__VA_ARGS__))
#define log_info(msg, ...) log_write(LOG_INFO, msg, LOG_FIELDS(__VA_ARGS__))
#define log_warn(msg, ...) log_write(LOG_WARN, msg, LOG_FIELDS(__VA_ARGS__))
#define log_error(msg, ...) log_write(LOG_ERROR, msg, LOG_FIELDS(__VA_ARGS__))

#endif
