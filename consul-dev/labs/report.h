/* report: prints one lab: what is expected, what is seen, and the verdict. */
#ifndef LABS_REPORT_H
#define LABS_REPORT_H

#include "labs.h"

enum { EXIT_SKIPPED = 77 };

void report_begin(int number, const struct lab *lab);
/* Prints the verdict. Returns the exit code: 0 only if all was as expected. */
int report_end(const struct lab *lab);

/* One line of the list of all labs. */
void report_entry(int number, const struct lab *lab);

#endif
