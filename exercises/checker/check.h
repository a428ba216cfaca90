/* check: asks a learner's code one question after the other, and says in one line
 * what came of it: what was asked, what was seen, where to look, where to edit.
 *
 * Each check runs in a process of its own and has a limit: an endless loop, a
 * crash or an overrun array in the learner's code is an answer like any other,
 * and is explained. A check is a plain function; it ends with the first fail().
 *
 *     static void shares_3_to_1(void)
 *     {
 *         ...
 *         if (a != 3)
 *             fail(TEXT("4 requests: expected A=3, got A=%d", "4 次请求：期望 A=3，实际 A=%d"), a);
 *     }
 *
 * Every text is in both languages; both take the same arguments in the same order.
 */
#ifndef EXERCISES_CHECK_H
#define EXERCISES_CHECK_H

#include <stdbool.h>

#include "text.h"

struct check {
    struct text asked;    /* as a statement: "weights 3 and 1: of 4 requests A gets 3" */
    const char *function; /* of the learner: the one to edit when this fails */
    void (*run)(void);
    bool bonus;  /* told, and not needed to pass */
    bool real;   /* on real servers */
    int limit_s; /* 0: CHECK_LIMIT_S */
};

enum {
    CHECK_LIMIT_S = 10,
    CHECK_REAL_LIMIT_S = 180, /* on real servers: most of it is for a busy machine */
};

struct exercise {
    int number;
    struct text lesson; /* where in the lesson to look */
    const struct check *checks;
    int count;
};

/* The whole program. Options:
 *   --file SHOWN    the learner's file as she knows it
 *   --lines PATH    a file that says in which line each of her functions begins: "weighted_pick 18"
 *   --json          run every check, and print one JSON object (for `make grade`);
 *                   without, the first that fails ends it
 * Exit code: 0 if all passed (the bonus aside), 1 if not, 2 for a wrong option. */
int exercise_main(const struct exercise *exercise, int argc, char **argv);

/* What is being asked right now, for the message should the code not survive it. */
void asking(struct text text, ...);
const char *asked_now(void);
/* Ends the check that runs: it has failed. */
_Noreturn void fail(struct text text, ...);
/* Ends the check: this machine cannot ask it (a server does not start, say). It counts as failed, but the
 * learner is not told to edit anything. */
_Noreturn void fail_here(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#endif
