/* program: runs the learner's program, $CMD, and describes how it ended. For a caller and for a service. */
#ifndef ANY_LANGUAGE_PROGRAM_H
#define ANY_LANGUAGE_PROGRAM_H

#include "checker/text.h"
#include "harness/place.h"
#include "harness/proc.h"

/* Runs $CMD in a shell, with these additional variables, input and output. Its messages on standard error go to a
 * file in `folder`. It ends with this process, together with all that it has started. */
void program_start(struct proc *proc, const struct folder *folder, const char *input, const char *output,
                   const char *const env[]);
/* Creates a named pipe in `folder`, and opens it for reading and writing: open() does not wait for the other end. */
int program_pipe(const struct folder *folder, const char *name, char path[PLACE_PATH_MAX + 16]);

/* The situation that set_context() has set, as the beginning of a message: "Consul hung: "; "" for none. */
const char *program_situation(void);
/* Prints the end of its standard error, which is shown below the message of a failed check. */
void program_show_errors(const struct proc *proc);
/* Fails the check: the program has ended. rule: what it must do instead. */
_Noreturn void program_fail_ended(const struct proc *proc, struct text rule);

#endif
