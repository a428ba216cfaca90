/* eureka_fetch: reads a service's list from Eureka, which always replies at once. */
#ifndef REGISTRY_EUREKA_FETCH_H
#define REGISTRY_EUREKA_FETCH_H

#include "registry/registry.h"

/* As registry_fetch. registry: a struct eureka. */
int eureka_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                 int64_t deadline, struct instance_list **list, struct err *err);

#endif
