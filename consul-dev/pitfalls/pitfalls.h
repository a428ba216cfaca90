/* pitfalls: the five pitfalls of the lesson's part seven, each in a file of its own. */
#ifndef PITFALLS_PITFALLS_H
#define PITFALLS_PITFALLS_H

#include "base/err.h"

enum { PITFALL_SKIPPED = 77 }; /* this machine does not allow it; the reason was printed */

/* Each starts its servers, shows the lesson's way beside the project's, and stops everything. Returns the exit code: 0
 * only if the expected was seen; PITFALL_SKIPPED; -1: it could not run, see err. */
int shallow_check(struct err *err);
int registration_storm(struct err *err);
int cache_ttl(struct err *err);
int empty_list(struct err *err);
int partition(struct err *err);

#endif
