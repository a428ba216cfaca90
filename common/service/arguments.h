/* arguments: reads the command line. It has few options, because settings come
 * from the environment.
 */
#ifndef SERVICE_ARGUMENTS_H
#define SERVICE_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum action { ACTION_SERVE, ACTION_HELP, ACTION_VERSION, ACTION_HEALTHCHECK, ACTION_CONTROL };

/* With ACTION_CONTROL: what the running instance is asked for. */
struct arguments {
    enum action action;
    const char *maintenance; /* "on", "off"; NULL: not asked for */
    const char *reason;      /* of "on"; NULL: none given. Borrowed from argv */
    int64_t weight;          /* 0: not asked for */
};

/* 0, or -1 with the one line to show. --port N sets the variable PORT. */
int arguments_read(int argc, char **argv, struct arguments *arguments, struct err *err);

#endif
