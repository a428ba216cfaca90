/* control_command: the options `--maintenance` and `--weight`. They ask the running instance, by its route
 * /control (control.h), to change its own registration. */
#ifndef SERVICE_CONTROL_COMMAND_H
#define SERVICE_CONTROL_COMMAND_H

#include "service/arguments.h"
#include "service/settings.h"

/* Sends the order to BIND_ADDRESS and PORT, for an instance of this program only ("user-service"), and prints one line about what happened. Returns the program's exit code:
 * 0; 1: the instance did not carry it out; 2: the order is not valid. */
int control_command_run(const struct arguments *arguments, const char *program, const struct settings *settings);

#endif
