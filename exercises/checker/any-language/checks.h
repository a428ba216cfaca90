/* checks: the checks of a program in any language, one list for each exercise. Each list ends with a row
 * without run. */
#ifndef ANY_LANGUAGE_CHECKS_H
#define ANY_LANGUAGE_CHECKS_H

#include "checker/check.h"

extern const struct check health_checks[];   /* exercise 1: /health of a service */
extern const struct check balance_checks[];  /* exercise 2: the picks of a caller are counted */
extern const struct check registry_checks[]; /* exercise 3: a caller, while the registry or an instance fails */

/* A row of such a list. */
#define PROGRAM_CHECK(function, en, zh) \
    {.title = {en, zh}, .run = function, .real = true, .external = true, .limit_s = CHECK_REAL_LIMIT_S}

/* The first check of both lists for callers: it finds user-service at all. */
void finds_user_service(void);

#endif
