/* lab: one experiment, which checks one claim of the lesson on real servers.
 *
 * A lab knows its result: the verdict is printed only if every line of SEEN() (report.h) held.
 */
#ifndef LABS_LAB_H
#define LABS_LAB_H

#include <stdbool.h>

#include "checker/text.h"

struct stage;

enum verdict { HOLDS, HOLDS_IF, DOES_NOT_HOLD };

struct lab {
    struct text part; /* of the lesson: "III.3" */
    struct text title;
    struct text expected; /* the lesson's words; the English ones are a translation */
    enum verdict verdict;
    struct text reason; /* for HOLDS_IF it begins with the condition */
    /* False: the servers did not start, or a program is missing; both are already reported. */
    bool (*run)(struct stage *stage);
};

#endif
