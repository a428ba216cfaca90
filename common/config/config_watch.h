/* config_watch: one fiber that keeps the settings as the configuration center has them.
 *
 * One loop: read the folder, apply what has changed, read again. The query waits in the center for a change, so a new
 * value is in use within milliseconds. While the center fails, the last values stay: a configuration center that is
 * down must not change a running service.
 */
#ifndef CONFIG_WATCH_H
#define CONFIG_WATCH_H

#include <stdint.h>

#include "base/buf.h"
#include "base/log_repeat.h"
#include "config/config_settings.h"
#include "config/config_source.h"
#include "loop/pace.h"
#include "loop/sync.h"

struct config_watch {
    struct config_source *source;
    struct config_settings *settings;
    struct backoff backoff;
    /* private */
    uint64_t index; /* of the last reply; 0: none yet */
    bool is_up;     /* the last query succeeded */
    struct pace pace;
    struct log_repeat failure;
};

/* retry_cap_ms: the longest pause between retries. */
void config_watch_init(struct config_watch *watch, struct config_source *source, struct config_settings *settings,
                       int64_t retry_cap_ms);
/* A fiber; arg is the struct config_watch. Ends when cancelled. */
void config_watch_run(void *arg);
void config_watch_metrics(const struct config_watch *watch, struct buf *out);

#endif
