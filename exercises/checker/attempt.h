/* attempt: runs one check in a process of its own, and collects its result and output.
 * Private to the checker. */
#ifndef EXERCISES_ATTEMPT_H
#define EXERCISES_ATTEMPT_H

#include "check.h"

struct attempt {
    struct check_result result;
    char printed[1000]; /* what the code printed. If it is too long, the middle is left out */
    char report[8000];  /* the same for standard error, where a sanitizer reports */
    int signal;         /* with CRASHED; 0: a sanitizer ended the process */
};

void attempt_run(const struct check *check, struct attempt *attempt);

#endif
