#include "service/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "registration/registration.h"

static int set_port(struct arguments *arguments, const char *text, struct err *err)
{
    int64_t port;
    (void)arguments;
    if (!text || env_parse_int(text, &port) != 0 || port < 0 || port > 65535)
        return err_set(err, ERR_INVALID, "--port %.60s: want a whole number, 0 to 65535", text ? text : "(nothing)");
    return setenv("PORT", text, 1);
}

/* --help may stand beside the others, and wins. */
static int choose(struct arguments *arguments, enum action action, const char *name, struct err *err)
{
    if (arguments->action == ACTION_HELP)
        return 0;
    if (action != ACTION_HELP && arguments->action != ACTION_SERVE && arguments->action != action)
        return err_set(err, ERR_INVALID, "%s: want only one of --version, --healthcheck and an order (--maintenance, "
                       "--weight)", name);
    arguments->action = action;
    return 0;
}

static int reject_second(const char *name, struct err *err)
{
    return err_set(err, ERR_INVALID, "%s: want it once", name);
}

static int set_weight(struct arguments *arguments, const char *text, struct err *err)
{
    int64_t weight = 0;
    if (!text || env_parse_int(text, &weight) != 0 || weight < 1 || weight > REGISTRATION_WEIGHT_MAX)
        return err_set(err, ERR_INVALID, "--weight %.60s: want a whole number, 1 to 65535", text ? text : "(nothing)");
    if (arguments->weight)
        return reject_second("--weight", err);
    arguments->weight = weight;
    return choose(arguments, ACTION_CONTROL, "--weight", err);
}

static int set_maintenance(struct arguments *arguments, const char *text, struct err *err)
{
    if (!text || (strcmp(text, "on") != 0 && strcmp(text, "off") != 0))
        return err_set(err, ERR_INVALID, "--maintenance %.60s: want on or off", text ? text : "(nothing)");
    if (arguments->maintenance)
        return reject_second("--maintenance", err);
    arguments->maintenance = text;
    return choose(arguments, ACTION_CONTROL, "--maintenance", err);
}

static int set_reason(struct arguments *arguments, const char *text, struct err *err)
{
    if (!text)
        return err_set(err, ERR_INVALID, "--reason (nothing): want a text");
    if (arguments->reason)
        return reject_second("--reason", err);
    arguments->reason = text;
    return 0;
}

/* Options with a value: "--name value" or "--name=value". */
static const struct option {
    const char *name;
    int (*set)(struct arguments *arguments, const char *text, struct err *err);
} options[] = {
    {"--port", set_port},
    {"--weight", set_weight},
    {"--maintenance", set_maintenance},
    {"--reason", set_reason},
};

static const struct {
    const char *name;
    enum action action;
} actions[] = {
    {"--help", ACTION_HELP},
    {"--version", ACTION_VERSION},
    {"--healthcheck", ACTION_HEALTHCHECK},
};

static const enum action *find_action(const char *arg)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(arg, actions[i].name) == 0)
            return &actions[i].action;
    return NULL;
}

/* *next: the argument after arg; it moves on if it was the value. */
static int read_option(const char *arg, char ***next, struct arguments *arguments, struct err *err)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        size_t len = strlen(options[i].name);
        if (strncmp(arg, options[i].name, len) != 0)
            continue;
        if (arg[len] == '=')
            return options[i].set(arguments, arg + len + 1, err);
        if (arg[len] == '\0')
            return options[i].set(arguments, **next ? *(*next)++ : NULL, err);
    }
    return err_set(err, ERR_INVALID, "%.60s: want --help, --version, --healthcheck, --port N, --weight N, "
                   "--maintenance on|off or --reason TEXT", arg);
}

int arguments_read(int argc, char **argv, struct arguments *arguments, struct err *err)
{
    *arguments = (struct arguments){.action = ACTION_SERVE};
    char **next = argv + (argc > 0); /* argv ends in a NULL */
    while (*next) {
        const char *arg = *next++;
        const enum action *action = find_action(arg);
        if ((action ? choose(arguments, *action, arg, err) : read_option(arg, &next, arguments, err)) != 0)
            return -1;
    }
    if (arguments->reason && (!arguments->maintenance || strcmp(arguments->maintenance, "on") != 0))
        return err_set(err, ERR_INVALID, "--reason: want --maintenance on too");
    return 0;
}
