/* arguments: reads the command line. It has few options, because settings come
 * from the environment.
 */
#ifndef SERVICE_ARGUMENTS_H
#define SERVICE_ARGUMENTS_H

#include "base/err.h"

enum action { ACTION_SERVE, ACTION_HELP, ACTION_VERSION, ACTION_HEALTHCHECK };

/* 0, or -1 with the one line to show. --port N sets the variable PORT. */
int arguments_read(int argc, char **argv, enum action *action, struct err *err);

#endif
