/* healthcheck: `--healthcheck`, for containers: is the instance beside us alive? */
#ifndef SERVICE_HEALTHCHECK_H
#define SERVICE_HEALTHCHECK_H

#include "service/settings.h"

/* Asks /health/live where the settings say that it listens. Returns the
 * program's exit code, 0 or 1; says why not on standard error. */
int healthcheck_run(const struct settings *settings);

#endif
