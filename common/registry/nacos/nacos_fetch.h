/* nacos_fetch: reads a service's list from Nacos, which always replies at once. */
#ifndef REGISTRY_NACOS_FETCH_H
#define REGISTRY_NACOS_FETCH_H

#include "registry/registry.h"

/* As registry_fetch. registry: a struct nacos. */
int nacos_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                int64_t deadline, struct instance_list **list, struct err *err);

#endif
