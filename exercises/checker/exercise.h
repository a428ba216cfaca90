/* exercise: the check program of one exercise. It runs the checks and prints one line
 * for each: what was expected, what happened, where the lesson explains it, and which
 * function to edit.
 */
#ifndef EXERCISES_EXERCISE_H
#define EXERCISES_EXERCISE_H

#include "check.h"

struct exercise {
    int number;
    struct text lesson; /* the place in the lesson */
    const struct check *checks;
    int count;
};

/* The whole program. Options:
 *   --file SHOWN    the learner's file, as messages name it
 *   --lines PATH    a file that says in which line each function begins: "weighted_pick 18"
 *   --json          runs every check and prints one JSON object (for `make grade`);
 *                   without it, the first failed check ends the program
 * Exit code: 0 if all passed (bonus checks aside), 1 if not, 2 for a wrong option. */
int exercise_main(const struct exercise *exercise, int argc, char **argv);

#endif
