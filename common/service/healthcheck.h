/* healthcheck: the option `--healthcheck`. A container's health check runs it to
 * find out whether the instance in the container is alive. */
#ifndef SERVICE_HEALTHCHECK_H
#define SERVICE_HEALTHCHECK_H

#include "service/settings.h"

/* Calls /health/live at BIND_ADDRESS and PORT. Returns the program's exit code, 0
 * or 1; prints the reason for 1 to standard error. */
int healthcheck_run(const struct settings *settings);

#endif
