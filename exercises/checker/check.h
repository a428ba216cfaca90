/* check: one check of a learner's code, written as a plain function. It ends with the
 * first fail(), whose message says what was expected, what happened and why.
 *
 * Each check runs in a process of its own with a time limit (attempt.h). So an
 * endless loop, a crash or an overrun array is a result like any other.
 *
 *     static void shares_3_to_1(void)
 *     {
 *         ...
 *         if (a != 3)
 *             fail(TEXT("4 requests: expected A=3, got A=%d", "4 次请求：期望 A=3，实际 A=%d"), a);
 *     }
 *
 * Every text is in both languages. Both take the same arguments in the same order.
 */
#ifndef EXERCISES_CHECK_H
#define EXERCISES_CHECK_H

#include <stdbool.h>

#include "text.h"

struct check {
    struct text title;    /* a statement: "weights 3 and 1: of 4 requests A gets 3" */
    const char *function; /* the learner's function to edit when this check fails */
    void (*run)(void);
    bool bonus;  /* shown, but not needed to pass */
    bool real;   /* runs on real servers */
    bool external; /* the learner's code is a program of its own: no limit for memory and files, no sanitizer */
    bool gate;     /* after a failure no further check runs: all of them need what this one checks */
    int limit_s; /* 0: CHECK_LIMIT_S */
};

enum {
    CHECK_LIMIT_S = 10,
    CHECK_REAL_LIMIT_S = 180, /* on real servers: they take ten seconds; the rest is for a busy machine */
};

/* What is being checked right now. It is shown if the code crashes or does not return. */
void set_context(struct text text, ...);
const char *current_context(void);
/* Ends the running check: it has failed. */
_Noreturn void fail(struct text text, ...);
/* Ends the running check: this machine cannot run it (a server does not start, for example). It counts as
 * failed, but the learner is not asked to edit anything. */
_Noreturn void fail_here(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* --- For the checker itself ------------------------------------------------------------- */

enum outcome {
    PASSED,
    FAILED,   /* fail() was called */
    CRASHED,  /* a signal, or a sanitizer's report */
    TOO_LONG, /* did not end within the limit */
    UNABLE,   /* the machine could not run the check */
};

/* In memory that both processes share, so that it arrives even if the learner's code closes files or crashes. */
struct check_result {
    enum outcome outcome;
    char context[300];
    char message[1200]; /* of fail() */
};

/* The functions above write to this result from now on. */
void check_report_to(struct check_result *result);
/* Ends this process. */
_Noreturn void check_end(enum outcome outcome);

#endif
