/* reset: "put everything back": the processes, the load and the settings as at the start. */
#ifndef PLAYGROUND_RESET_H
#define PLAYGROUND_RESET_H

#include "control.h"

/* The load and the settings of the start. */
void reset_defaults(struct model *model);
/* A fiber puts everything back. 0, or -1 with ERR_CONFLICT: it already does. */
int reset_start(struct control *control, struct err *err);

#endif
