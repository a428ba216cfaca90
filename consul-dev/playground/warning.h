/* warning: a second check of an instance at Consul, which reports warning.
 *
 * The service's own check is passing or critical. Consul judges the worst of all checks of an instance, so
 * this one makes it warning, as an HTTP check does whose reply is 429. Deregistering the instance removes it.
 */
#ifndef PLAYGROUND_WARNING_H
#define PLAYGROUND_WARNING_H

#include "model.h"

enum { CHECK_ID_MAX = TARGET_MAX + 16 };

/* The id of this check at Consul. */
void warning_check_id(const struct node *node, char out[CHECK_ID_MAX]);
/* Registers or removes the check; waits for Consul. The node may have been removed when it returns.
 * ERR_CONFLICT: Consul refused, because it does not know the instance. */
int warning_set(const struct model *model, const struct node *node, bool on, struct err *err);

#endif
