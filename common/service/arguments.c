#include "service/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "base/env.h"

static int set_port(const char *text, struct err *err)
{
    int64_t port;
    if (!text || env_parse_int(text, &port) != 0 || port < 0 || port > 65535)
        return err_set(err, ERR_INVALID, "--port %.60s: want a whole number, 0 to 65535", text ? text : "(nothing)");
    return setenv("PORT", text, 1);
}

int arguments_read(int argc, char **argv, enum action *action, struct err *err)
{
    *action = ACTION_SERVE;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--help") == 0) {
            *action = ACTION_HELP;
        } else if (strcmp(arg, "--version") == 0) {
            *action = ACTION_VERSION;
        } else if (strcmp(arg, "--healthcheck") == 0) {
            *action = ACTION_HEALTHCHECK;
        } else if (strcmp(arg, "--port") == 0) {
            if (set_port(argv[++i], err) != 0) /* argv ends in a NULL */
                return -1;
        } else if (strncmp(arg, "--port=", 7) == 0) {
            if (set_port(arg + 7, err) != 0)
                return -1;
        } else {
            return err_set(err, ERR_INVALID, "%.60s: want --help, --version, --healthcheck or --port N", arg);
        }
    }
    return 0;
}
