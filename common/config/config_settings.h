/* config_settings: the settings that may change while the program runs.
 *
 * Each is a row of the table of settings (base/env.h) and a function that puts a new value into use. So a value from
 * the configuration center is parsed, checked and described in the log as one from the environment is.
 *
 * The center's value has precedence over the environment's, and that over the default. A key that is deleted returns
 * to the environment's value. A value that is not accepted is logged, and the last good one stays. Only a change of
 * the center's value is applied: until then a change from elsewhere stays, such as `--weight`.
 *
 * A center that lost its state (a dev agent that restarts) has no keys. They were not deleted, so nothing changes: a
 * key counts as deleted only if the center has had it since. Pure but for the log.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/env.h"
#include "config/config_source.h"

enum {
    CONFIG_SETTINGS_MAX = 16,
    CONFIG_VALUE_MAX = 256, /* bytes with the final '\0'; a longer value is not accepted. A canary may have 141 */
};

struct config_setting {
    struct env_var row; /* no secret. ENV_TEXT: the target is borrowed from `value` */
    /* Puts the value into use that is now in row.target. 0, or -1: out of memory, and nothing has changed. */
    int (*apply)(void *arg);
    void *arg;
    /* private */
    bool in_center;                 /* it has had the key since it last lost its state */
    char value[CONFIG_VALUE_MAX];   /* the last one that was put into use, as text */
    char refused[CONFIG_VALUE_MAX]; /* the value that was refused last: it is logged once */
    bool is_overridden;
    char overridden[CONFIG_VALUE_MAX]; /* the value that would be in use else */
};

/* Zero-initialise. */
struct config_settings {
    struct config_setting at[CONFIG_SETTINGS_MAX];
    size_t count;
    uint64_t changes, refused; /* so far */
    char unknown[256];         /* the unknown keys that were logged last */
};

/* The environment's value must be in row->target already. */
void config_settings_add(struct config_settings *settings, const struct env_var *row, int (*apply)(void *arg),
                         void *arg);

/* Another value was put into use from elsewhere; the row accepts it. No such setting: nothing happens. */
void config_settings_override(struct config_settings *settings, const char *name, const char *value);

/* Applies what has changed. lost_state: the center lost what it had since the last call. source: for the log. */
void config_settings_take(struct config_settings *settings, const struct config_entries *entries, bool lost_state,
                          const char *source);

void config_settings_metrics(const struct config_settings *settings, struct buf *out);

#endif
