/* attempt: one check, run in a process of its own. Private to the checker. */
#ifndef EXERCISES_ATTEMPT_H
#define EXERCISES_ATTEMPT_H

#include <stdbool.h>

#include "check.h"

enum outcome {
    PASSED,
    FAILED,   /* the check said so */
    CRASHED,  /* a signal, or a sanitizer had something to say */
    TOO_LONG, /* did not end within the limit */
    UNABLE,   /* nothing to do with the learner */
};

struct attempt {
    enum outcome outcome;
    char asked[300];    /* what asking() said last */
    char message[1200]; /* what fail() said */
    char printed[1000]; /* both ends of what the code printed: printf is a debugger, too */
    char report[8000];  /* both ends of what came on standard error: that of a sanitizer, if it has to say anything */
    int signal;         /* with CRASHED; 0: a sanitizer ended it */
};

void attempt_run(const struct check *check, struct attempt *attempt);

#endif
