/* registration_log: what a registration writes to the log. Private to this folder.
 *
 * A registry that is down for an hour fails a call every few seconds. The log shows when that begins, when
 * the reason changes, once a minute that it lasts, and when it ends (base/log_repeat.h).
 */
#ifndef REGISTRATION_REGISTRATION_LOG_H
#define REGISTRATION_REGISTRATION_LOG_H

#include <stdint.h>

#include "base/err.h"

struct registration;

/* A call to the registry failed and is retried after retry_ms. msg: the event's name. */
void registration_log_failure(struct registration *registration, const char *msg, const struct err *err,
                              int64_t retry_ms);
/* A call succeeded: ends what registration_log_failure began, so that the next failure is logged at once. */
void registration_log_recovery(struct registration *registration);
void registration_log_registered(struct registration *registration);
/* Queries the registry's own check of this instance, and logs a change of its result. */
void registration_log_own_check(struct registration *registration);

#endif
