/* env: settings from the environment, checked before anything starts.
 *
 * A program's settings are one table. The same row parses the variable, describes the
 * accepted values in the error, and prints the variable in --help. So the three always
 * agree. (The Twelve-Factor App, III: config in the environment.)
 *
 *     static const struct env_var vars[] = {
 *         {"PORT", ENV_INT, "8001", &c.port, .min = 0, .max = 65535, .help = "0: any free port"},
 *         {"CHECK_INTERVAL", ENV_DURATION, "10s", &c.check_interval_ms, .min = 1000, .max = 3600000},
 *         {"LB_POLICY", ENV_CHOICE, "weighted", &c.policy, .choices = "random|round_robin|weighted"},
 *     };
 *
 * An empty value counts as unset.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum env_kind {
    ENV_TEXT,     /* target: const char *; borrowed from the environment, or the default */
    ENV_INT,      /* target: int64_t */
    ENV_DURATION, /* target: int64_t, milliseconds. One number and one of ms s m h; "0" alone if min is 0 */
    ENV_CHOICE,   /* target: int, the index in `choices` ("a|b|c") */
    ENV_BOOL,     /* target: bool. true/false, 1/0, as Consul's own tools read them */
};

struct env_var {
    const char *name;
    enum env_kind kind;
    const char *fallback; /* the default, as text; checked like a value; "" for none */
    void *target;
    int64_t min, max;    /* ENV_INT, ENV_DURATION; ENV_TEXT: length in bytes if max > 0 */
    const char *choices; /* ENV_CHOICE */
    const char *accepts; /* ENV_TEXT: the accepted values, for --help and the error */
    /* ENV_TEXT, may be NULL: further checks. 0, or -1. Not called for an empty default. */
    int (*check)(const char *value);
    const char *help; /* the rest of its line in --help; may be NULL */
    bool secret;      /* the value is never shown: *** */
};

/* Reads every row. On the first invalid one: -1 and one line that names the
 * variable, its value and the accepted values, for example
 * `CHECK_INTERVAL=10: want a duration of 1s to 1h, such as 10s, 5m or 1h`. */
int env_read(const struct env_var *vars, size_t count, struct err *err);

/* What the environment sets: the variable's value, or its default. Borrowed. */
const char *env_value(const struct env_var *var);
/* Reads one value, from anywhere, by the rules of its row. 0, or -1: not accepted, and the target is unchanged. */
int env_read_one(const struct env_var *var, const char *value);
/* The accepted values, as the errors show them. */
void env_describe(const struct env_var *var, char *out, size_t size);
/* The row with this name; NULL: there is none. */
const struct env_var *env_find(const struct env_var *vars, size_t count, const char *name);

/* For each variable: name, help, default, accepted values. */
void env_help(FILE *out, const struct env_var *vars, size_t count);

/* "10s" -> 10000. 0, or -1 if it is not one whole number and one unit
 * (or 0 without a unit), or is out of range. */
int env_parse_duration(const char *text, int64_t *ms);
/* One whole decimal number and no other character. */
int env_parse_int(const char *text, int64_t *number);
/* "500MB" -> bytes: one whole number and one of B KB MB GB TB (powers of 1000)
 * or KiB MiB GiB TiB (powers of 1024). */
int env_parse_size(const char *text, int64_t *bytes);

#endif
