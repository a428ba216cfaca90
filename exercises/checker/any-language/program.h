/* program: messages about the learner's program, $CMD, for the checks of a caller and of a service. */
#ifndef ANY_LANGUAGE_PROGRAM_H
#define ANY_LANGUAGE_PROGRAM_H

#include "checker/text.h"
#include "harness/proc.h"

/* The situation that set_context() has set, as the beginning of a message: "Consul hung: "; "" for none. */
const char *program_situation(void);
/* Prints the end of its standard error, which is shown below the message of a failed check. */
void program_show_errors(const struct proc *proc);
/* Fails the check: the program has ended. rule: what it must do instead. */
_Noreturn void program_fail_ended(const struct proc *proc, struct text rule);

#endif
