/* log: one event, one line on standard error, as key=value (logfmt).
 *
 *     log_info("listening", log_s("address", "0.0.0.0"), log_i("port", 8001));
 *     time=2026-01-02T03:04:05.678Z level=info msg=listening address=0.0.0.0 port=8001
 *
 * The message is a name to search for, not a sentence. Values that are not one
 * plain word are quoted and escaped, so that no input from outside can forge a
 * line. Never log a password, token or DSN. Logging never blocks the loop: where
 * nobody reads the pipe, lines are dropped, and counted in the next one that
 * gets through.
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
/* Are they? For a line that costs something to put together. */
bool log_shows(enum log_level level);

void log_write(enum log_level level, const char *msg, const struct log_field *fields);

/* An array that ends in an empty field; the empty one in front is there only
 * for the comma after it. */
#define LOG_FIELDS(...) (&(const struct log_field[]){{0}, ##__VA_ARGS__, {0}}[1])
#define log_debug(msg, ...) log_write(LOG_DEBUG, msg, LOG_FIELDS(__VA_ARGS__))
#define log_info(msg, ...) log_write(LOG_INFO, msg, LOG_FIELDS(__VA_ARGS__))
#define log_warn(msg, ...) log_write(LOG_WARN, msg, LOG_FIELDS(__VA_ARGS__))
#define log_error(msg, ...) log_write(LOG_ERROR, msg, LOG_FIELDS(__VA_ARGS__))

#endif
