/* operate: what an operator changes of an instance while it runs: maintenance and weight.
 *
 * The playground sends PUT /control to the instance, as `build/user-service --maintenance on` and `--weight 3`
 * do. The instance then changes its entry in every registry.
 */
#ifndef PLAYGROUND_OPERATE_H
#define PLAYGROUND_OPERATE_H

#include "model.h"

/* Both wait for the instance. The node may have been removed when they return. 0, or -1 with err; ERR_CONFLICT:
 * the instance refused. */
int operate_maintenance(const struct model *model, const struct node *node, bool on, struct err *err);
int operate_weight(const struct model *model, const struct node *node, int weight, struct err *err);

#endif
