/* kinds: the kinds of registry that the demo can show. */
#ifndef DEMO_KINDS_H
#define DEMO_KINDS_H

#include "registry_kind.h"

/* Each in its own file, kind_*.c. */
extern const struct registry_kind registry_consul, registry_nacos, registry_eureka;

/* The kind that REGISTRY names. NULL: there is no such kind. */
const struct registry_kind *kind_named(const char *source);

#endif
