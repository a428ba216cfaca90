/* registration_log: what a registration writes to the log. Private to this folder.
 *
 * While a registry is down, a call fails every few seconds. The log shows the first failure, a new reason,
 * one line a minute while the failure lasts, and the recovery (base/log_repeat.h).
 */
#ifndef REGISTRATION_REGISTRATION_LOG_H
#define REGISTRATION_REGISTRATION_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct registration;

/* A call to the registry failed and is retried after retry_ms. msg: the event's name. */
void registration_log_failure(struct registration *registration, const char *msg, const struct err *err,
                              int64_t retry_ms);
/* A call succeeded: logs the recovery if a failure came before it. The next failure is logged at once. */
void registration_log_recovery(struct registration *registration);
void registration_log_registered(struct registration *registration);
/* The registry has another entry under our id. is_repeated: also a short time ago, so another process probably
 * has the same id. It registers again after pause_ms. */
void registration_log_change(const struct registration *registration, bool is_repeated, int64_t pause_ms);
/* Logs the begin and the end of maintenance that an operator set in the registry itself. */
void registration_log_maintenance(struct registration *registration);
/* Queries the registry's own check of this instance, and logs a change of its result. */
void registration_log_own_check(struct registration *registration);

#endif
