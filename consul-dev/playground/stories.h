/* stories: the scenarios of the page. */
#ifndef PLAYGROUND_STORIES_H
#define PLAYGROUND_STORIES_H

#include "scenario.h"

/* NULL: there is no story with this name. */
const struct story *story_find(const char *name);

#endif
